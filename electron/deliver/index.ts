export { renderReport } from "./report.js";
export { writeReport } from "./write-report.js";
export { exportKinds, exportRun, type ExportKind, type ExportRequest, type ExportedRun, type Merge } from "./export-run.js";
