// SPDX-License-Identifier: MIT
// A terminal over the lines of text of a router's console: xterm.js, fetched when it is asked for.
//
// A router's output may hold questions that a terminal would answer by itself (ESC[6n, ESC[c, OSC 10,
// DCS…), and a key during a RouterBOARD's start stops it. So xterm.js is a screen and nothing more: of
// what it would send nobody is told. What is sent comes from keys below alone.
"use strict";

(() => {
  const place = document.getElementById("terminal");
  const open = document.getElementById("terminal-open");
  const trouble = document.getElementById("terminal-trouble");
  const keys = document.getElementById("terminal-keys");
  const nonce = document.currentScript.nonce;
  const CHUNK = 120; // characters at a time: in UTF-8 below what a request may have
  const MOST = 32000; // characters that are pasted at once
  const MODES = [9, 1000, 1001, 1002, 1003, 1004, 1005, 1006, 1015, 1016];
  const LETTERS = { ArrowUp: "A", ArrowDown: "B", ArrowRight: "C", ArrowLeft: "D", End: "F", Home: "H" };
  const NAMED = {
    Enter: "\r", Backspace: "\x7f", Tab: "\t", Escape: "\x1b", Insert: "\x1b[2~", Delete: "\x1b[3~",
    PageUp: "\x1b[5~", PageDown: "\x1b[6~", F1: "\x1bOP", F2: "\x1bOQ", F3: "\x1bOR", F4: "\x1bOS",
    F5: "\x1b[15~", F6: "\x1b[17~", F7: "\x1b[18~", F8: "\x1b[19~", F9: "\x1b[20~", F10: "\x1b[21~",
  };
  let screen = null;
  let stream = null;
  let mine = place.dataset.mine === "yes";
  let typed = "";
  let sending = false;

  const say = (words) => {
    trouble.textContent = words;
    trouble.hidden = !words;
  };

  // --- what is typed ---

  const send = async () => {
    if (sending) return;
    sending = true;
    while (typed) {
      const signs = [...typed.slice(0, 2 * CHUNK)].slice(0, CHUNK).join("");
      const body = new URLSearchParams({ csrf: place.dataset.csrf, kind: "type:keys", text: signs });
      try {
        const answer = await fetch(place.dataset.typing, { method: "POST", body, redirect: "error" });
        if (answer.status !== 204) throw new Error(String(answer.status));
      } catch {
        typed = "";
        say("What was typed could not be sent. Load this page again.");
        break;
      }
      typed = typed.slice(signs.length);
    }
    sending = false;
  };

  const type = (signs) => {
    if (!mine || !signs) return;
    if (typed.length + signs.length > MOST) {
      say(`More than ${MOST} characters at once: nothing was sent.`);
      return;
    }
    say("");
    typed += signs;
    send();
  };

  const control = (key) => {
    if (key === " ") return "\x00";
    const code = key.toUpperCase().charCodeAt(0);
    return key.length === 1 && code >= 0x40 && code <= 0x5f ? String.fromCharCode(code & 0x1f) : "";
  };

  const meant = (event) => {
    if (event.key in LETTERS) {
      return (screen.modes.applicationCursorKeysMode ? "\x1bO" : "\x1b[") + LETTERS[event.key];
    }
    if (event.key in NAMED) return NAMED[event.key];
    return event.ctrlKey && !event.altKey ? control(event.key) : "";
  };

  const pressed = (event) => {
    // What a script makes is not typed; Shift and Tab lead away, for whoever has no mouse.
    if (!event.isTrusted || event.isComposing || event.metaKey) return;
    if (event.key === "Tab" && event.shiftKey) return;
    const copies = event.ctrlKey && event.key.toLowerCase() === "c" && screen.hasSelection();
    if (copies || (event.ctrlKey && event.key.toLowerCase() === "v")) return;
    const signs = meant(event);
    if (!signs) return;
    event.preventDefault();
    screen.clearSelection();
    type(signs);
  };

  // Letters come as text, from keyboards on glass and from those that put signs together, too.
  const written = (event) => {
    if (!event.isTrusted || event.isComposing) return;
    const signs = keys.value;
    keys.value = "";
    type(signs.replace(/\r\n|\n/g, "\r"));
  };

  const edited = (event) => {
    const done = { deleteContentBackward: "\x7f", insertLineBreak: "\r" }[event.inputType];
    if (!event.isTrusted || !done) return;
    event.preventDefault();
    type(done);
  };

  const pasted = (event) => {
    event.preventDefault();
    if (!event.isTrusted) return;
    type(event.clipboardData.getData("text/plain").replace(/\r\n|\n/g, "\r"));
  };

  const copied = (event) => {
    if (!screen.hasSelection()) return;
    event.preventDefault();
    event.clipboardData.setData("text/plain", screen.getSelection());
  };

  const listen = () => {
    keys.addEventListener("keydown", pressed);
    keys.addEventListener("beforeinput", edited);
    keys.addEventListener("input", written);
    keys.addEventListener("compositionend", written);
    keys.addEventListener("paste", pasted);
    keys.addEventListener("copy", copied);
    keys.addEventListener("drop", (event) => event.preventDefault());
    // xterm.js has a field of its own, which shall get no keys.
    place.addEventListener("focusin", (event) => event.target === keys || keys.focus());
  };

  // --- what comes ---

  // Links, colours, titles, the clipboard; reports of mouse and focus: nothing that a router asks for.
  const harmless = (terminal) => {
    for (const number of [0, 1, 2, 4, 8, 10, 11, 12, 52, 104, 110, 111, 112]) {
      terminal.parser.registerOscHandler(number, () => true);
    }
    const refused = (parameters) => parameters.some((each) => MODES.includes(each));
    terminal.parser.registerCsiHandler({ prefix: "?", final: "h" }, refused);
  };

  const show = (event) => {
    const news = JSON.parse(event.data);
    if (news.afresh) screen.reset();
    screen.write(Uint8Array.from(atob(news.octets), (each) => each.charCodeAt(0)));
    mine = news.mine;
    say(!news.port ? news.error || "The line is closed." : mine ? "" : "Another browser types.");
    place.classList.toggle("watched", !mine);
  };

  const follow = () => {
    stream = new EventSource(place.dataset.stream);
    stream.onmessage = show;
    stream.onerror = () => {
      // One that broke off is opened again by the browser; one that was refused is not.
      if (stream.readyState === EventSource.CLOSED) say("No more terminals can be open: close another.");
    };
  };

  // The page's policy allows no styles but its own and those that bear this answer's word.
  const allowStyles = () => {
    const make = document.createElement.bind(document);
    const style = function (name, value) {
      if (name === "style") this.style.cssText = value;
      else Element.prototype.setAttribute.call(this, name, value);
    };
    document.createElement = (name, options) => {
      const made = make(name, options);
      if (name === "style") made.nonce = nonce;
      if (name === "span") made.setAttribute = style;
      return made;
    };
  };

  const fetched = (name, address) =>
    new Promise((resolve, reject) => {
      const made = document.createElement(name);
      made.onload = resolve;
      made.onerror = reject;
      if (name === "link") made.rel = "stylesheet";
      made[name === "link" ? "href" : "src"] = address;
      document.head.append(made);
    });

  const begin = async () => {
    open.disabled = true;
    try {
      await Promise.all([fetched("link", place.dataset.style), fetched("script", place.dataset.script)]);
      allowStyles();
      place.hidden = false;
      // As wide as the terminal of ssh; whatever colours a router chooses, its words can be read.
      const looks = { cols: 80, rows: 24, minimumContrastRatio: 4.5 };
      screen = new window.Terminal({ ...looks, disableStdin: true, altClickMovesCursor: false });
    } catch {
      place.hidden = true;
      say("The terminal could not be loaded.");
      return;
    }
    harmless(screen);
    screen.open(document.getElementById("terminal-screen"));
    screen.textarea.tabIndex = -1;
    // Letters that xterm.js measures, outside of the window: nothing to read out.
    for (const each of document.querySelectorAll("body > div")) each.ariaHidden = "true";
    for (const each of document.querySelectorAll(".lines")) each.hidden = true;
    listen();
    follow();
    // It shows no cursor before it had the focus once.
    screen.focus();
    keys.focus();
  };

  open.hidden = false;
  open.addEventListener("click", begin);
})();
