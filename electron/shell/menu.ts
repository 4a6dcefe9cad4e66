import { app, Menu, shell, type MenuItemConstructorOptions } from "electron";

export function setMenu(options: { developer: boolean; home: string }): void {
  const mac: MenuItemConstructorOptions[] = process.platform === "darwin" ? [{ role: "appMenu" }] : [];
  Menu.setApplicationMenu(Menu.buildFromTemplate([
    ...mac,
    {
      label: "File",
      submenu: [
        { label: "Open the folder with runs and logs", click: () => void shell.openPath(options.home) },
        { type: "separator" },
        { role: process.platform === "darwin" ? "close" : "quit" },
      ],
    },
    { role: "editMenu" },
    {
      label: "View",
      submenu: [
        { role: "reload" }, ...(options.developer ? [{ role: "toggleDevTools" as const }] : []), { type: "separator" },
        { role: "resetZoom" }, { role: "zoomIn" }, { role: "zoomOut" }, { type: "separator" }, { role: "togglefullscreen" },
      ],
    },
    { role: "windowMenu" },
    { role: "help", submenu: [{ label: `TREX Desktop ${app.getVersion()}`, enabled: false }] },
  ]));
}
