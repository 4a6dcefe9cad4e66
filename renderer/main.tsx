import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/controls.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { connect } from "./api/connect.js";
import { App } from "./app/app.js";
import { applyTheme, rememberedTheme } from "./app/theme.js";
import { createAppStore } from "./store/store.js";
import { AppStoreContext } from "./store/use-app.js";

applyTheme(rememberedTheme(window.localStorage))();
const store = createAppStore(connect(window));
const end = store.getState().start();
window.addEventListener("pagehide", (event) => {
  if (!event.persisted) end();
});

const place = document.getElementById("root");
if (place === null) throw new Error("index.html has no #root");
createRoot(place).render(
  <StrictMode>
    <AppStoreContext value={store}>
      <App />
    </AppStoreContext>
  </StrictMode>,
);
