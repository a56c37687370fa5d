// What a panel needs of a page for who works it by keyboard. It draws nothing.

const PANEL = ".connectorkit-panel";
// JupyterLab takes keys for its cells unless the control that has the focus says this.
const OURS = "data-lm-suppress-shortcuts";
const WITH_ARROWS = "select, [role='slider']";
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

function render({ el }) {
  let held = null; // what has the focus, as long as it is in this panel
  let order = [];

  function panel() {
    let found = el.closest(PANEL);
    while (found?.parentElement?.closest(PANEL)) found = found.parentElement.closest(PANEL);
    return found;
  }

  function keyed(event) {
    const target = event.target;
    if (target instanceof Element && target.matches(WITH_ARROWS) && panel()?.contains(target)) {
      target.toggleAttribute(OURS, chooses(event));
    }
  }

  // A control that goes away would leave the focus nowhere: the next one gets it, or the one before.
  const watch = new MutationObserver(() => {
    if (!held || reachable(held)) return;
    const place = order.indexOf(held);
    const next = order.slice(place + 1).find(reachable) ?? order.slice(0, place).findLast(reachable);
    const nowhere = document.activeElement === document.body || document.activeElement === held ||
      !document.activeElement?.closest(PANEL);
    if (next && nowhere) next.focus({ preventScroll: true });
  });

  function focused(event) {
    const root = panel();
    if (!root?.contains(event.target)) return;
    held = event.target;
    order = [...root.querySelectorAll(REACHED)];
    watch.observe(root, { subtree: true, childList: true, attributes: true });
  }

  function left(event) {
    // Who goes elsewhere is let go; what is hidden or taken away loses the focus too, and is not.
    if (event.target === held && reachable(held)) {
      held = null;
      watch.disconnect();
    }
  }

  window.addEventListener("keydown", keyed, true);
  document.addEventListener("focusin", focused);
  document.addEventListener("focusout", left);
  return () => {
    window.removeEventListener("keydown", keyed, true);
    document.removeEventListener("focusin", focused);
    document.removeEventListener("focusout", left);
    watch.disconnect();
  };
}

export default { render };
