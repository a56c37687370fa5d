/* Charts that answer the mouse and widgets that can be touched. Without this script both are pictures. */
(() => {
  "use strict";
  const page = document.documentElement;
  const here = new URL(page.dataset.content_root || "./", document.baseURI);
  const loading = {};
  let before = Promise.resolve();

  /**
   * Load a script that lies beside this one, once; it may call `define` meanwhile, as AMD modules do.
   * One after the other: a chart's script must not find the `define` that is meant for widgets.
   */
  function load(name, define) {
    if (!loading[name]) {
      loading[name] = before.then(() => loaded(name, define));
      before = loading[name].catch(() => {});
    }
    return loading[name];
  }

  function loaded(name, define) {
    return new Promise((resolve, reject) => {
      const script = document.createElement("script");
      const usual = window.define;
      script.src = new URL(`_static/${name}`, here);
      script.onload = () => {
        window.define = usual;
        resolve();
      };
      script.onerror = () => reject(new Error(`${name} cannot be loaded.`));
      if (define) window.define = define;
      document.head.append(script);
    });
  }

  // The theme names this button without the keys that are written on it: who speaks what they see missed it.
  for (const one of document.querySelectorAll(".search-button-field")) one.removeAttribute("aria-label");

  // Charts

  async function draw(figure) {
    const { chart, dark } = JSON.parse(figure.querySelector("script").textContent);
    const isDark = page.dataset.theme === "dark";
    await load("vega.js");
    figure.querySelector(".ck-live")?.remove();
    const place = document.createElement("div");
    place.className = "ck-live";
    figure.append(place);
    const spec = isDark ? { ...chart, config: dark } : chart;
    // The menu saves pictures; its other entries would open a page on the web.
    const actions = { export: true, source: false, compiled: false, editor: false };
    await window.vegaEmbed(place, spec, { renderer: "svg", actions });
    figure.classList.add("ck-alive");
  }

  const seen = new IntersectionObserver(
    (entries) => {
      for (const { isIntersecting, target } of entries) {
        if (isIntersecting) {
          seen.unobserve(target);
          draw(target);
        }
      }
    },
    { rootMargin: "400px" },
  );
  document.querySelectorAll(".ck-figure").forEach((figure) => seen.observe(figure));

  let theme = page.dataset.theme;
  new MutationObserver(() => {
    if (page.dataset.theme === theme) return;
    theme = page.dataset.theme;
    document.querySelectorAll(".ck-figure.ck-alive").forEach(draw);
  }).observe(page, { attributeFilter: ["data-theme"] });

  // Widgets

  /** Stands for whatever a script asks of a notebook that is not there. */
  const anything = new Proxy(function () {}, {
    get: (_, name) => (typeof name === "symbol" || name === "then" ? undefined : anything),
    apply: () => anything,
  });

  /** These members, and no end of others. */
  const atLeast = (known) => new Proxy(known, { get: (_, name) => (name in known ? known[name] : anything) });

  /** The widgets' own package, which ipywidgets brings for notebooks: its classes, and its manager of models. */
  async function widgetPackage() {
    let found;
    // It wants a notebook when it is loaded, and makes a manager for its kernel. Nothing here is a kernel.
    const kernel = { is_connected: () => false };
    kernel.comm_manager = { kernel, register_target() {} };
    const notebook = atLeast({ kernel, metadata: {}, get_cells: () => [] });
    const menu = document.createElement("ul");
    menu.hidden = true;
    menu.innerHTML = '<li><span id="help_menu"></span></li>';
    document.body.append(menu);
    window.Jupyter = atLeast({ version: "6.5.7", notebook });
    window.requirejs = window.require = (names, then) => then?.(window.Jupyter, anything, anything);
    window.requirejs.config = () => {};
    await load("jupyter-widgets.js", (_, make) => {
      found = make({ uri: new URL("_static/jupyter-widgets.js", here).href });
    });
    await found.load_ipython_extension();
    menu.remove();
    // The manager of notebooks extends the one that all managers are made of.
    return { ...found, ManagerBase: Object.getPrototypeOf(window.Jupyter.WidgetManager) };
  }

  function managerOf(widgets) {
    class Output extends widgets.DOMWidgetView {
      render() {
        super.render();
        const texts = this.model.get("outputs").map((one) => one.text ?? one.data?.["text/plain"] ?? "");
        this.el.append(document.createElement("pre"));
        this.el.firstChild.textContent = texts.flat().join("\n");
      }
    }
    const outputs = { OutputModel: widgets.DOMWidgetModel, OutputView: Output };

    return class extends widgets.ManagerBase {
      async loadClass(name, module) {
        if (module === "@jupyter-widgets/output") return outputs[name];
        if (module === "anywidget") {
          await load("anywidget.js", (_, make) => (loading.anywidget = make(widgets)));
          return loading.anywidget[name];
        }
        if (!widgets[name]) throw new Error(`${name} of ${module} is not part of this site.`);
        return widgets[name];
      }
      async _create_comm() {
        throw new Error("There is no kernel behind this page.");
      }
      async _get_comm_info() {
        return {};
      }
    };
  }

  async function revive(places) {
    const saved = document.querySelector('script[type="application/vnd.jupyter.widget-state+json"]');
    if (!saved) return;
    const widgets = await widgetPackage();
    const manager = new (managerOf(widgets))();
    await manager.set_state(JSON.parse(saved.textContent));
    for (const place of places) {
      const view = await manager.create_view(await manager.get_model(place.dataset.model));
      const live = document.createElement("div");
      live.className = "ck-live";
      place.after(live);
      widgets.JupyterLuminoWidget.attach(view.luminoWidget, live);
      place.hidden = true;
    }
  }

  const panels = document.querySelectorAll(".ck-widget");
  // What cannot be brought to life stays the picture that it is.
  if (panels.length) revive(panels).catch((error) => console.error(error));
})();
