// SPDX-License-Identifier: MIT
// Keeps an open tab of the page current: takes the parts that the server rendered, and puts in what
// changed. They come as server-sent events; where those are not to be had, they are asked for.
"use strict";

const PERIOD = 700; // ms; counters and alerts are written each second, and must show within two
const PATIENCE = 3000; // ms without an answer until the figures count as old
const REFUSED = 60000; // ms of asking, before a stream that was refused is tried again

const frame = document.createElement("template");
const zone = document.getElementById("time-zone");
const live = document.getElementById("live");
const lost = document.getElementById("lost");

const clock = new Intl.DateTimeFormat([], { timeStyle: "medium" });
const calendar = new Intl.DateTimeFormat([], { dateStyle: "medium", timeStyle: "medium" });

function showLocalTimes(root) {
  const today = new Date().toDateString();
  for (const element of root.querySelectorAll("time")) {
    const moment = new Date(element.dateTime);
    const format = moment.toDateString() === today ? clock : calendar;
    element.textContent = format.format(moment);
  }
}

function replace(element, html) {
  // Untouched when unchanged: a selection stays, and a screen reader is not interrupted. As the
  // browser writes it, so that what came with the page can be compared as well.
  frame.innerHTML = html;
  const fresh = frame.innerHTML.trim();
  if (element.rendered === fresh) return;
  element.rendered = fresh;
  const held = element.contains(document.activeElement) && document.activeElement.getAttribute("href");
  element.replaceChildren(frame.content);
  showLocalTimes(element);
  // Whoever is on a link with the keyboard stays on it.
  if (held) element.querySelector(`a[href="${CSS.escape(held)}"]`)?.focus({ preventScroll: true });
}

function follow() {
  let answered = Date.now();
  let timer = null;
  let request = null;
  let stream = null;
  let listenAt = window.EventSource ? 0 : Infinity;

  function listen() {
    stream = new EventSource(live.dataset.stream);
    stream.onmessage = (event) => show(JSON.parse(event.data));
    stream.onerror = () => {
      // One that broke off is opened again by the browser; one that was refused is not.
      if (stream.readyState !== EventSource.CLOSED) return;
      stream = null;
      listenAt = Date.now() + REFUSED;
      schedule(0);
    };
  }

  function hangUp() {
    if (stream) stream.close();
    stream = null;
  }

  async function ask() {
    request = new AbortController();
    const patience = setTimeout(() => request.abort(), PATIENCE);
    try {
      const answer = await fetch(live.dataset.source, {
        cache: "no-store",
        signal: request.signal,
      });
      if (answer.status === 401) {
        // Logged out, here or elsewhere: the server says where to go.
        location.reload();
        return;
      }
      if (!answer.ok) throw new Error(answer.statusText);
      show(await answer.json());
    } catch {
      if (!document.hidden) complain();
    } finally {
      clearTimeout(patience);
      request = null;
    }
  }

  function show({ parts }) {
    for (const [id, html] of Object.entries(parts)) {
      const element = document.getElementById(id);
      if (element) replace(element, html);
    }
    answered = Date.now();
    lost.hidden = true;
    live.classList.remove("outdated");
  }

  function complain() {
    if (!lost.hidden) return;
    lost.textContent = `No answer since ${clock.format(answered)}: what is shown is old.`;
    lost.hidden = false;
    live.classList.add("outdated");
  }

  async function turn() {
    timer = null;
    const began = performance.now();
    if (stream) {
      if (Date.now() - answered > PATIENCE) complain();
    } else if (Date.now() >= listenAt) {
      listen();
    } else {
      await ask();
    }
    schedule(Math.max(0, PERIOD - (performance.now() - began)));
  }

  function schedule(delay) {
    if (!document.hidden && timer === null && request === null) timer = setTimeout(turn, delay);
  }

  document.addEventListener("visibilitychange", () => {
    if (document.hidden) {
      clearTimeout(timer);
      timer = null;
      hangUp();
    } else {
      if (Date.now() - answered > PATIENCE) live.classList.add("outdated");
      schedule(0);
    }
  });
  schedule(0);
}

for (const part of document.querySelectorAll(".part, #announcement")) {
  part.rendered = part.innerHTML.trim();
}
if (zone) zone.textContent = "in your time zone";
showLocalTimes(document);
if (live) follow();
