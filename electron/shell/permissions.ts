import type { Session } from "electron";

/** Nothing here needs a camera, a place or a notification: every request and every check is refused. */
export function denyPermissions(session: Session): void {
  session.setPermissionRequestHandler((_contents, _permission, callback) => { callback(false); });
  session.setPermissionCheckHandler(() => false);
  session.setDevicePermissionHandler(() => false);
}

/** The page is whole without a network. Whatever tries to leave the machine anyway is stopped here. */
export function denyNetwork(session: Session): void {
  session.webRequest.onBeforeRequest({ urls: ["http://*/*", "https://*/*", "ws://*/*", "wss://*/*", "ftp://*/*"] }, (_details, callback) => { callback({ cancel: true }); });
}
