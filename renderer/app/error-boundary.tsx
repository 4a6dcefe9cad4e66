import { Component, type ReactNode } from "react";
import { Button } from "../ui/controls.js";
import { Notice } from "../ui/panels.js";

/** A bug on one screen ends that screen with a sentence; the run on the host goes on regardless. */
export class ErrorBoundary extends Component<{ readonly children: ReactNode }, { readonly message: string | null }> {
  override state: { readonly message: string | null } = { message: null };

  static getDerivedStateFromError(error: unknown): { message: string } {
    return { message: error instanceof Error ? error.message : String(error) };
  }

  override render(): ReactNode {
    if (this.state.message === null) return this.props.children;
    return (
      <div className="page">
        <Notice tone="bad" title="This screen has failed. Your runs are not affected." action={<Button onClick={() => this.setState({ message: null })}>Show it again</Button>}>
          <p>{this.state.message}</p>
        </Notice>
      </div>
    );
  }
}
