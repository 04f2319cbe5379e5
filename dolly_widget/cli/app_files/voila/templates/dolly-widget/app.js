{
  // The page of `dolly-widget app`: its header, its theme, its address, and where the focus begins.
  const followSystem = () => {
    const isDark = matchMedia("(prefers-color-scheme: dark)").matches;
    document.body.dataset.jpThemeLight = String(!isDark);
    document.body.dataset.jpThemeName = isDark ? "JupyterLab Dark" : "JupyterLab Light";
    document.body.classList.toggle("theme-dark", isDark);
    document.body.classList.toggle("theme-light", !isDark);
  };

  // A reload begins with the answers of the kernel that the address names.
  const nameKernel = () => {
    const config = document.getElementById("jupyter-config-data");
    if (config === null) return;
    const address = new URL(location.href);
    address.searchParams.set("conversation", JSON.parse(config.textContent).kernelId);
    history.replaceState(history.state, "", address);
  };

  // Once the box is there, unless the reader is elsewhere by then.
  const focusBox = () => {
    const box = document.querySelector('#rendered_cells textarea[aria-label="Instruction"]');
    if (box === null || box.offsetParent === null) return false;
    if (document.activeElement === document.body) box.focus();
    return true;
  };

  if ({{ app.theme | tojson }} === "auto") {
    followSystem();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", followSystem);
  }
  const header = document.createElement("header");
  header.className = "dw-app-header";
  header.innerHTML = "<h1>dolly_widget</h1>";
  document.body.prepend(header);
  addEventListener("DOMContentLoaded", () => {
    nameKernel();
    document.getElementById("rendered_cells")?.setAttribute("role", "main");
    const watch = new MutationObserver(() => focusBox() && watch.disconnect());
    watch.observe(document.body, { childList: true, subtree: true, attributes: true, attributeFilter: ["style"] });
  });
}
