// The transcript of a conversation. Every text is written with textContent, and nothing is ever fetched.

const TICKS = { sent: "✓", accepted: "✓✓", read: "✓✓", refused: "✕", unknown: "?" };
const PICTURE = /^data:image\/png;base64,[A-Za-z0-9+/=]*$/;

function made(tag, name, text) {
  const node = document.createElement(tag);
  if (name) node.className = name;
  if (text !== undefined) node.textContent = text;
  return node;
}

function spoken(tag, name, text) {
  const node = made(tag, name, text);
  node.dir = "auto";
  return node;
}

function button(label, hint, name, action) {
  const node = made("button", `ck-talk-button ${name}`, label);
  node.type = "button";
  node.dir = "auto";
  if (hint) node.title = hint;
  node.addEventListener("click", action);
  return node;
}

function choice(line, part, label, name, tell) {
  const node = button(label, part.hint, name, () => tell({ do: "choose", key: line.key, choice: part.choice }));
  node.dataset.focus = `choice-${part.choice}`;
  node.disabled = !line.open.includes(part.choice);
  return node;
}

function drawnPart(line, part, tell) {
  if (part.kind === "group") {
    const group = made("div", `ck-talk-group ck-talk-${part.flow}`);
    group.append(...part.parts.map((inner) => drawnPart(line, inner, tell)));
    return group;
  }
  if (part.kind === "button") return choice(line, part, part.label, "ck-talk-choice", tell);
  const looks = ["bold", "italic"].filter((look) => part[look]).map((look) => ` ck-talk-${look}`);
  const size = part.size ? ` ck-talk-${part.size}` : "";
  const name = `ck-talk-${part.kind}${looks.join("")}${size}`;
  if (part.choice === undefined) return spoken("div", name, part.text);
  return choice(line, part, part.text, `ck-talk-plain ${name}`, tell);
}

function drawnFile(line, file, pictures, tell) {
  const box = made("div", "ck-talk-file");
  const data = pictures[file.picture];
  if (data && PICTURE.test(data)) {
    const picture = made("img", "ck-talk-picture");
    picture.src = data;
    picture.alt = line.text || file.name;
    box.append(picture);
  }
  box.append(spoken("span", "ck-talk-name", file.words));
  if (file.fetch) {
    const fetching = button("Fetch", "Fetch the file from the store", "ck-talk-fetch", () =>
      tell({ do: "fetch", key: line.key }));
    fetching.setAttribute("aria-label", `Fetch ${file.name}`);
    fetching.dataset.focus = "fetch";
    box.append(fetching);
  }
  return box;
}

function drawnLine(line, pictures, tell) {
  const node = made("div", `ck-talk-line ck-talk-${line.side}`);
  if (line.side === "service") {
    node.append(spoken("span", "", line.text));
    return node;
  }
  const bubble = made("div", "ck-talk-bubble");
  node.append(bubble);
  if (line.file) bubble.append(drawnFile(line, line.file, pictures, tell));
  if (line.text) bubble.append(spoken("div", "ck-talk-words", line.text));
  const parts = line.parts || [];
  const quick = parts.filter((part) => part.quick);
  bubble.append(...parts.filter((part) => !part.quick).map((part) => drawnPart(line, part, tell)));
  const offered = quick.filter((part) => line.open.includes(part.choice));
  if (offered.length) {
    const row = made("div", "ck-talk-quick");
    row.setAttribute("role", "group");
    row.setAttribute("aria-label", "Quick replies");
    row.append(...offered.map((part) => drawnPart(line, part, tell)));
    node.append(row);
  }
  const remark = made("div", `ck-talk-remark ck-talk-is-${line.state}`);
  const when = new Date(line.at).toLocaleTimeString([], { timeStyle: "medium", hourCycle: "h23" });
  const last = made("span", "ck-talk-when", `${when} `);
  remark.append(spoken("bdi", "", line.who), made("span", "", ` · ${line.remark} · `), last);
  const ticks = made("span", "ck-talk-ticks", TICKS[line.state] || "");
  ticks.setAttribute("aria-hidden", "true");
  last.append(ticks);
  node.append(remark);
  return node;
}

function render({ model, el }) {
  const root = made("div", "ck-talk");
  const heads = made("div", "ck-talk-heads");
  const log = made("div", "ck-talk-log");
  const inner = made("div", "ck-talk-inner");
  const doing = made("div", "ck-talk-doing");
  log.setAttribute("role", "log");
  log.setAttribute("aria-live", "polite");
  log.setAttribute("aria-label", "Transcript");
  log.tabIndex = 0;
  doing.setAttribute("role", "status");
  doing.setAttribute("aria-label", "What each side is doing");
  // JupyterLab's own shortcuts would take Enter away from a button in here.
  root.dataset.lmSuppressShortcuts = "true";
  const sides = model.get("sides");
  heads.append(spoken("span", "", sides.consumer), spoken("span", "", sides.agent));
  log.append(inner);
  root.append(heads, log, doing);
  el.append(root);

  const tell = (message) => model.send(message);
  const drawn = new Map();

  function redraw() {
    const pictures = model.get("pictures");
    const lines = model.get("lines");
    const wanted = new Set(lines.map((line) => line.key));
    for (const [key, one] of drawn) {
      if (wanted.has(key)) continue;
      one.node.remove();
      drawn.delete(key);
    }
    inner.querySelector(".ck-talk-empty")?.remove();
    if (!lines.length) inner.append(made("div", "ck-talk-empty", "No messages yet."));
    let place = inner.firstChild;
    for (const line of lines) {
      const known = drawn.get(line.key);
      const looks = JSON.stringify([line, line.file ? pictures[line.file.picture] : null]);
      let node = known?.node;
      if (known?.looks !== looks) {
        node = drawnLine(line, pictures, tell);
        if (known) replace(known.node, node, known.node === place ? (place = node) : null);
        drawn.set(line.key, { node, looks });
      }
      if (node === place) place = place.nextSibling;
      else inner.insertBefore(node, place);
      for (const words of node.querySelectorAll(".ck-talk-words, div.ck-talk-text, div.ck-talk-note")) {
        if (words.scrollHeight > words.clientHeight + 1) words.tabIndex = 0; // to scroll it with the keyboard
      }
    }
  }

  function replace(old, node) {
    const focused = old.contains(document.activeElement) ? document.activeElement.dataset.focus : undefined;
    const held = old.contains(document.activeElement);
    old.replaceWith(node);
    if (!held) return;
    const same = focused && node.querySelector(`[data-focus="${focused}"]:not([disabled])`);
    (same || log).focus({ preventScroll: true });
  }

  function tellDoing() {
    const states = model.get("chat_states");
    doing.replaceChildren(spoken("span", "", states.consumer || ""), spoken("span", "", states.agent || ""));
  }

  model.on("change:lines", redraw);
  model.on("change:pictures", redraw);
  model.on("change:chat_states", tellDoing);
  redraw();
  tellDoing();
  // Before it is on the page nothing has a height, so whether a text scrolls shows only now.
  const frame = requestAnimationFrame(redraw);
  return () => {
    cancelAnimationFrame(frame);
    model.off("change:lines", redraw);
    model.off("change:pictures", redraw);
    model.off("change:chat_states", tellDoing);
  };
}

export default { render };
