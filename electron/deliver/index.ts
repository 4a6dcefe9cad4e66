export { renderReport } from "./report/report.js";
export { writeReport } from "./report/write-report.js";
export { exportKinds, exportRun, type ExportKind, type ExportRequest, type ExportedRun, type Merge, type WritePeft } from "./export/export-run.js";
