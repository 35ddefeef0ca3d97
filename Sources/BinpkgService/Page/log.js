// A build's log, line by line, as the service writes it. EventSource cannot send a token, so the events are read here.

/** Calls `take` with the lines that came, `restart` when the build began again, until the end or until it is aborted. */
export async function readLog(ask, id, signal, take, restart) {
  let last = 0;
  for (let silence = 1; ; silence = Math.min(silence * 2, 30)) {
    try {
      const response = await ask(`v1/requests/${id}/log?from=${last}`, { signal });
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      let rest = "";
      for (;;) {
        const { value, done } = await reader.read();
        if (done) break;
        silence = 1;
        const events = (rest + value).split("\n\n");
        rest = events.pop();
        const lines = [];
        for (const text of events) {
          const event = parse(text);
          if (event.name === "restart") { lines.length = 0; last = 0; restart(); continue; }
          if (event.name === "state") { take(lines); return JSON.parse(event.data); }
          if (event.id !== null) { last = event.id; lines.push(event.data); }
        }
        if (lines.length) take(lines);
      }
    } catch (error) {
      if (signal.aborted || error.status) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, silence * 1000));
    signal.throwIfAborted();
  }
}

function parse(text) {
  const event = { name: "message", id: null, data: "" };
  for (const line of text.split("\n")) {
    const colon = line.indexOf(":");
    const value = line.slice(colon + 1).replace(/^ /, "");
    switch (line.slice(0, colon)) {
      case "event": event.name = value; break;
      case "id": event.id = Number(value); break;
      case "data": event.data = value; break;
    }
  }
  return event;
}
