// What a panel needs of a page for who works it by keyboard, or hears it. It draws nothing.

const PANEL = ".connectorkit-panel";
// JupyterLab takes keys for its cells unless the control that has the focus says this.
const OURS = "data-lm-suppress-shortcuts";
const SLIDER = "[role='slider']";
const WITH_ARROWS = `select, ${SLIDER}`;
const REACHED = "button, select, input, textarea, summary, a[href], [tabindex='0']";

// Those with which one chooses: arrows, and letters for what begins with them. Ctrl+S stays the notebook's.
function chooses(event) {
  const letter = [...event.key].length === 1 && event.key !== " ";
  const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
  return plain && (letter || /^(Arrow|Page|Home$|End$)/.test(event.key));
}

function reachable(one) {
  return one.isConnected && !one.disabled && one.getClientRects().length > 0;
}

function tell(one, attribute, text) {
  if (text && one.getAttribute(attribute) !== text) one.setAttribute(attribute, text);
}

// The handle of a slider has neither the name nor the words that stand beside it.
function nameSliders(root) {
  for (const handle of root.querySelectorAll(SLIDER)) {
    const widget = handle.closest(".jupyter-widgets");
    tell(handle, "aria-label", widget?.querySelector(".widget-label")?.textContent);
    tell(handle, "aria-valuetext", widget?.querySelector(".widget-readout")?.textContent);
  }
}

function render({ el }) {
  let root = null; // the outermost panel that this is in
  let held = null; // what has the focus, as long as it is in there
  let order = [];

  // A control that goes away would leave the focus nowhere: the next one gets it, or the one before.
  function keepFocus() {
    if (!held || reachable(held) || (root.contains(document.activeElement) && document.activeElement !== held)) {
      return;
    }
    const place = order.indexOf(held);
    const next = order.slice(place + 1).find(reachable) ?? order.slice(0, Math.max(place, 0)).findLast(reachable);
    next?.focus({ preventScroll: true });
  }

  const watch = new MutationObserver(() => {
    nameSliders(root);
    keepFocus();
  });

  function onKey(event) {
    const target = event.target;
    if (target instanceof Element && target.matches(WITH_ARROWS) && root.contains(target)) {
      target.toggleAttribute(OURS, chooses(event));
    }
  }

  function onFocus(event) {
    if (!root.contains(event.target)) return;
    held = event.target;
    order = [...root.querySelectorAll(REACHED)];
  }

  // Who goes elsewhere is let go; what is hidden or taken away loses the focus too, and is not. Some browsers
  // tell of it before it is taken away, so the look comes after.
  function onBlur({ target }) {
    setTimeout(() => {
      if (target === held && reachable(held) && document.activeElement !== held) held = null;
    });
  }

  let frame = requestAnimationFrame(function begin() {
    for (let one = el.closest(PANEL); one; one = one.parentElement?.closest(PANEL)) root = one;
    if (!root) {
      frame = requestAnimationFrame(begin); // boxes put their parts in one after the other
      return;
    }
    nameSliders(root);
    watch.observe(root, { subtree: true, childList: true, attributes: true });
    window.addEventListener("keydown", onKey, true);
    document.addEventListener("focusin", onFocus);
    document.addEventListener("focusout", onBlur);
  });

  return () => {
    cancelAnimationFrame(frame);
    watch.disconnect();
    window.removeEventListener("keydown", onKey, true);
    document.removeEventListener("focusin", onFocus);
    document.removeEventListener("focusout", onBlur);
  };
}

export default { render };
