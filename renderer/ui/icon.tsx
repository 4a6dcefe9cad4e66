import type { ReactElement } from "react";

const paths = {
  alert: "M8 2.5 14.5 13.5H1.5ZM8 6.5v3.2M8 11.6v.1",
  bulb: "M5.8 10.2a4 4 0 1 1 4.4 0v1.6H5.8ZM6.5 14h3",
  check: "M3 8.5 6.5 12 13 4.5",
  chevron: "M6 3.5 10.5 8 6 12.5",
  chip: "M4.5 4.5h7v7h-7ZM6.5 4.5v-2M9.5 4.5v-2M6.5 13.5v-2M9.5 13.5v-2M4.5 6.5h-2M4.5 9.5h-2M13.5 6.5h-2M13.5 9.5h-2",
  circle: "M8 3a5 5 0 1 0 0 10A5 5 0 0 0 8 3Z",
  copy: "M5.5 5.5h7v7h-7ZM10.5 5.5v-2h-7v7h2",
  continued: "M3 4v4.5a2 2 0 0 0 2 2h7.5M9.5 7.5l3 3-3 3",
  cross: "M4 4 12 12M12 4 4 12",
  cut: "M3 8h10",
  down: "M8 3v10M4 9l4 4 4-4",
  equal: "M3.5 6h9M3.5 10h9",
  fit: "M3 6V3h3M10 3h3v3M13 10v3h-3M6 13H3v-3",
  flag: "M4 14V2.5h8L9.8 5.8 12 9H4",
  info: "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2ZM8 7.3v4M8 4.9v.1",
  list: "M5.5 4h8M5.5 8h8M5.5 12h8M2.5 4h.1M2.5 8h.1M2.5 12h.1",
  minus: "M3.5 8h9",
  moon: "M13 9.5A5.5 5.5 0 0 1 6.5 3 5.5 5.5 0 1 0 13 9.5Z",
  pause: "M5.5 3.5v9M10.5 3.5v9",
  person: "M8 2.8a2.4 2.4 0 1 0 0 4.8 2.4 2.4 0 0 0 0-4.8ZM3.5 13.5c.4-2.8 2.2-4 4.5-4s4.1 1.2 4.5 4",
  play: "M5 3.2 12.5 8 5 12.8Z",
  pin: "M5.5 2.5h5M6.3 2.5v4.2L4.3 9h7.4l-2-2.3V2.5M8 9v4.5",
  plus: "M8 3.5v9M3.5 8h9",
  quote: "M3 4h10M3 8h7M3 12h4",
  report: "M4 2.5h5.5L12 5v8.5H4ZM6 7.5h4M6 10h4",
  running: "M8 2.5a5.5 5.5 0 1 1-5.5 5.5",
  scissors: "M4 3l6.5 7.2M12 3 5.5 10.2M4.3 10a1.6 1.6 0 1 0 0 3.2 1.6 1.6 0 0 0 0-3.2ZM11.7 10a1.6 1.6 0 1 0 0 3.2 1.6 1.6 0 0 0 0-3.2Z",
  save: "M8 2.5v7.5M4.5 7 8 10.5 11.5 7M3 13.5h10",
  screen: "M2.5 3.5h11v7h-11ZM6 13h4M8 10.5V13",
  star: "M8 2.2 9.8 6l4.2.5-3.1 2.9.8 4.1L8 11.5l-3.7 2 .8-4.1L2 6.5 6.2 6Z",
  search: "M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9ZM10.4 10.4 14 14",
  stop: "M4 4h8v8H4Z",
  sun: "M8 5.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6ZM8 1.5v1.4M8 13.1v1.4M1.5 8h1.4M13.1 8h1.4M3.4 3.4l1 1M11.6 11.6l1 1M12.6 3.4l-1 1M4.4 11.6l-1 1",
  tree: "M3 8h3.5M6.5 8c2 0 1-4 3-4H13M6.5 8H13M6.5 8c2 0 1 4 3 4H13",
  up: "M8 13V3M4 7l4-4 4 4",
  wave: "M2 8c2-4.5 4-4.5 6 0s4 4.5 6 0",
} as const;
export type IconName = keyof typeof paths;

/** Line icons on a 16-pixel grid. They stand beside words and are silent for screen readers. */
export function Icon({ name, size = 14 }: { readonly name: IconName; readonly size?: number }): ReactElement {
  return (
    <svg className={name === "running" ? "icon icon-spin" : "icon"} width={size} height={size} viewBox="0 0 16 16" fill="none" stroke="currentColor" strokeWidth="1.6" strokeLinecap="round" strokeLinejoin="round" aria-hidden="true" focusable="false">
      <path d={paths[name]} />
    </svg>
  );
}
