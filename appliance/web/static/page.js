// Keeps the status page current: asks for the parts that the server rendered, puts in what changed.
"use strict";

const PERIOD = 700; // ms; counters and alerts are written each second, and must show within two
const PATIENCE = 3000; // ms without an answer until the figures count as old

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
  // Untouched when unchanged: a selection stays, and a screen reader is not interrupted.
  if (element.rendered === html) return;
  element.rendered = html;
  element.innerHTML = html;
  showLocalTimes(element);
}

function follow() {
  const alerts = document.getElementById("alerts");
  let answered = Date.now();
  let timer = null;
  let request = null;

  async function ask() {
    request = new AbortController();
    const patience = setTimeout(() => request.abort(), PATIENCE);
    const query = new URLSearchParams({ alerts: alerts.dataset.version });
    try {
      const answer = await fetch(`${live.dataset.source}?${query}`, {
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

  function show({ parts, version }) {
    for (const [id, html] of Object.entries(parts)) {
      const element = document.getElementById(id);
      if (element) replace(element, html);
    }
    alerts.dataset.version = version;
    answered = Date.now();
    lost.hidden = true;
    live.classList.remove("outdated");
  }

  function complain() {
    if (!lost.hidden) return;
    lost.textContent = `No answer since ${clock.format(answered)}: the figures below are old.`;
    lost.hidden = false;
    live.classList.add("outdated");
  }

  async function turn() {
    timer = null;
    const began = performance.now();
    await ask();
    schedule(Math.max(0, PERIOD - (performance.now() - began)));
  }

  function schedule(delay) {
    if (!document.hidden && timer === null && request === null) timer = setTimeout(turn, delay);
  }

  document.addEventListener("visibilitychange", () => {
    if (document.hidden) {
      clearTimeout(timer);
      timer = null;
    } else {
      if (Date.now() - answered > PATIENCE) live.classList.add("outdated");
      schedule(0);
    }
  });
  schedule(PERIOD);
}

zone.textContent = "in your time zone";
showLocalTimes(document);
if (live) follow();
