// What is wrong with how a page lies, as [fault, text, place]; evaluated in the page by checks.py at each width.
() => {
  const found = [];
  const place = (one) => `${one.tagName.toLowerCase()}${one.id ? `#${one.id}` : ""}${typeof one.className === "string" && one.className ? `.${one.className.trim().split(/\s+/).join(".")}` : ""}`;
  const up = function* (one) { for (let at = one; at && at !== document.body; at = at.parentElement) yield at; };
  const seen = (one) => one.checkVisibility({ visibilityProperty: true, opacityProperty: true }) && ![...up(one)].some((at) => getComputedStyle(at).clipPath === "inset(50%)");
  const known = (find) => { const kept = new Map(); return (one) => { if (!kept.has(one)) kept.set(one, find(one)); return kept.get(one); }; };
  const layer = known((one) => (one === document.body ? null : ["fixed", "sticky"].includes(getComputedStyle(one).position) ? one : layer(one.parentElement)));
  const scroller = known((one) => (one === document.body ? null : /auto|scroll/.test(getComputedStyle(one).overflowX) ? one : scroller(one.parentElement)));

  // Text that leaves the box with an edge around it, or that such a box hides.
  const leaves = (text, parent, box) => {
    if (parent.closest("svg")) return;
    for (const at of up(parent)) {
      const style = getComputedStyle(at);
      const own = at.getBoundingClientRect();
      if (/auto|scroll/.test(style.overflowX)) return;
      if (style.display === "inline" || at.tagName === "TR") continue;
      const hides = /hidden|clip/.test(style.overflowX);
      const edged = parseFloat(style.borderRightWidth) > 0 || style.backgroundColor !== "rgba(0, 0, 0, 0)";
      const beyond = box.right > own.right + 1 || box.left < own.left - 1 || (hides && box.bottom > own.bottom + 2);
      const told = style.textOverflow === "ellipsis" && at.closest("[title], summary");
      if (!beyond || !(hides || edged)) continue;
      if (!told) found.push([hides ? "cut" : "spills", text, place(at)]);
      return;
    }
  };

  const boxes = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const parent = node.parentElement;
    const text = node.textContent.trim().slice(0, 40);
    if (!text || parent.closest("script, style, noscript, option") || !seen(parent)) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    leaves(text, parent, range.getBoundingClientRect());
    for (const box of range.getClientRects()) {
      const air = box.height * 0.2; // a font's box is higher than its letters
      if (box.width > 2) boxes.push({ parent, text, left: box.left, right: box.right, top: box.top + air, bottom: box.bottom - air, layer: layer(parent), scroller: scroller(parent) });
    }
  }
  boxes.sort((one, other) => one.top - other.top);
  boxes.forEach((one, index) => {
    for (let next = index + 1; next < boxes.length && boxes[next].top < one.bottom - 2; next += 1) {
      const other = boxes[next];
      const apart = one.parent === other.parent || one.layer !== other.layer || one.scroller !== other.scroller;
      if (!apart && Math.min(one.right, other.right) - Math.max(one.left, other.left) > 2) found.push(["overlaps", `${one.text} × ${other.text}`, place(one.parent)]);
    }
  });

  if (document.documentElement.clientWidth <= 720) {
    for (const one of document.querySelectorAll("button, .button, select, input:not([type=hidden], [type=checkbox], [type=radio], [type=range]), summary, .tabs a, nav.filters a, .chip[href], .facet a, .row-link, .item")) {
      const box = one.getBoundingClientRect();
      if (seen(one) && box.height < 43.5) found.push(["is too low to press", `${(one.innerText || one.name).slice(0, 30)} ${box.height}`, place(one)]);
    }
  }

  // A letter that no font has is drawn as one that none can have.
  const pen = Object.assign(document.createElement("canvas"), { width: 24, height: 24 }).getContext("2d", { willReadFrequently: true });
  pen.font = `18px ${getComputedStyle(document.body).fontFamily}`;
  const drawn = (letter) => { pen.clearRect(0, 0, 24, 24); pen.fillText(letter, 2, 18); return pen.getImageData(0, 0, 24, 24).data.join(); };
  const box = drawn("\u{10fffd}");
  for (const letter of new Set(boxes.map((one) => one.text).join(""))) if (letter.trim() && drawn(letter) === box) found.push(["has no glyph", letter, ""]);
  return found;
}
