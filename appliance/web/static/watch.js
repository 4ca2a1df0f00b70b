// SPDX-License-Identifier: MIT
// What comes just now: the table is kept current, and above it balls fly, in the spirit of Logstalgia.
// Whoever wants less motion gets the table alone.
"use strict";

(() => {
  const canvas = document.getElementById("watch");
  const body = document.getElementById("watch-rows");
  const most = Number(canvas.dataset.most);
  const labels = [...document.querySelectorAll("#watch-head th")].map((each) => each.textContent);
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  const FLIGHT = 2500; // milliseconds from side to side
  const EDGE = 150; // room for names at each side
  let seen = -1;
  let balls = [];
  let drawing = false;

  const outcome = (row) =>
    row.is_login ? (row.passed ? "passed" : "failed") : "turned away";

  const line = (row) => {
    const made = document.createElement("tr");
    const time = new Date(row.time * 1000).toISOString().slice(11, 19);
    [row.what, time, row.source, row.with_what, outcome(row)].forEach((words, place) => {
      const cell = document.createElement(place ? "td" : "th");
      cell.className = "said";
      cell.textContent = words; // strangers' text: never as HTML
      if (place) cell.dataset.label = labels[place];
      else cell.scope = "row";
      made.append(cell);
    });
    return made;
  };

  // Each name has a line of its own, and gives it up to the one that comes LINES names later.
  const LINES = 16;
  const sides = [new Map(), new Map()];
  const height = (name, side) => {
    const lines = sides[side];
    if (!lines.has(name)) {
      const free = lines.size < LINES ? lines.size : lines.values().next().value;
      if (lines.size >= LINES) lines.delete(lines.keys().next().value);
      lines.set(name, free);
    }
    return 20 + (lines.get(name) * (canvas.height - 40)) / (LINES - 1);
  };

  const colour = (name) => getComputedStyle(document.body).getPropertyValue(name).trim();

  // A form for each kind, too: not all eyes tell the colours apart.
  const mark = (pen, row, x, y) => {
    pen.beginPath();
    if (row.is_login) {
      pen.fillStyle = colour("--warning");
      pen.moveTo(x, y - 9);
      pen.lineTo(x + 9, y + 7);
      pen.lineTo(x - 9, y + 7);
    } else if (row.what.startsWith("UDP")) {
      pen.fillStyle = colour("--link");
      pen.rect(x - 6, y - 6, 12, 12);
    } else {
      pen.fillStyle = colour("--ok");
      pen.arc(x, y, 6, 0, 7);
    }
    pen.fill();
  };

  const draw = (now) => {
    const pen = canvas.getContext("2d");
    const width = canvas.width;
    pen.clearRect(0, 0, width, canvas.height);
    balls = balls.filter((ball) => now - ball.begin < 2 * FLIGHT);
    pen.font = "12px system-ui, sans-serif";
    let paddle = canvas.height / 2;
    let nearest = Infinity;
    for (const ball of balls) {
      const part = (now - ball.begin) / FLIGHT;
      const from = height(ball.row.source, 0);
      const to = height(ball.row.what, 1);
      const way = width - 2 * EDGE;
      pen.fillStyle = colour("--muted");
      pen.textAlign = "right";
      pen.fillText(ball.row.source.slice(0, 22), EDGE - 10, from + 4);
      pen.textAlign = "left";
      pen.fillText(ball.row.what.slice(0, 20), width - EDGE + 24, to + 4);
      const away = part > 1 && !ball.row.passed;
      const x = EDGE + way * (away ? 2 - part : Math.min(part, 1.3));
      const y = away ? to + (from - to) * (part - 1) * 0.4 : from + (to - from) * Math.min(part, 1);
      pen.globalAlpha = part > 1 ? Math.max(0, 2 - part) : 1;
      mark(pen, ball.row, x, y);
      pen.globalAlpha = 1;
      if (!ball.row.passed && Math.abs(1 - part) < nearest) {
        nearest = Math.abs(1 - part);
        paddle = to;
      }
    }
    pen.fillStyle = colour("--text");
    pen.fillRect(width - EDGE + 8, paddle - 24, 6, 48);
    drawing = balls.length > 0 && !still.matches;
    if (drawing) requestAnimationFrame(draw);
  };

  const throwBalls = (rows) => {
    const now = performance.now();
    rows.slice(-40).forEach((row, place) => balls.push({ row, begin: now + place * 25 }));
    if (!drawing && !still.matches) {
      drawing = true;
      requestAnimationFrame(draw);
    }
  };

  const look = async () => {
    try {
      const answer = await fetch(canvas.dataset.source);
      if (answer.ok) {
        const { rows } = await answer.json();
        const last = rows.length ? rows[rows.length - 1].number : -1;
        const fresh = rows.filter((row) => row.number > seen || last < seen);
        if (fresh.length || last < seen) {
          body.replaceChildren(...rows.slice(-most).reverse().map(line));
          if (seen >= 0) throwBalls(fresh);
        }
        seen = last;
      }
    } catch {
      // The page says by itself that nothing answers.
    }
    setTimeout(look, 1000);
  };

  const motion = () => {
    canvas.hidden = still.matches;
    if (still.matches) balls = [];
  };
  still.addEventListener("change", motion);
  motion();
  look();
})();
