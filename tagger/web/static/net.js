// What is asked of the program on this computer; nothing else is ever asked.

export class Refusal extends Error {
  constructor(said) {
    super(said.error || "the program did not answer as it should");
    this.hint = said.hint || "";
  }
}

const GONE = { error: "the program does not answer", hint: "is `tagger ui` still running?" };

export async function get(address) {
  return answered(fetch(address));
}

export async function post(address, said = {}) {
  return answered(fetch(address, { method: "POST", body: JSON.stringify(said) }));
}

async function answered(asked) {
  let response;
  try {
    response = await asked;
  } catch {
    throw new Refusal(GONE);
  }
  const said = await response.json().catch(() => ({}));
  if (!response.ok) throw new Refusal(said);
  return said;
}

/** Send a file to be heard; `onSent` is told the share that is there, `onRow` each row of the answer. */
export function hear(file, { onSent, onRow, signal, withReasons }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    let read = 0;
    const rows = () => {
      const end = request.responseText.lastIndexOf("\n") + 1;
      for (const line of request.responseText.slice(read, end).split("\n")) if (line) onRow(JSON.parse(line));
      read = Math.max(read, end);
    };
    request.upload.onprogress = (event) => onSent(event.loaded / event.total);
    request.onprogress = () => request.status === 200 && rows();
    request.onload = () => {
      if (request.status === 200) {
        rows();
        resolve();
      } else reject(new Refusal(parsed(request.responseText)));
    };
    request.onerror = () => reject(new Refusal(GONE));
    request.onabort = () => reject(new Refusal({ error: "taken back" }));
    signal.addEventListener("abort", () => request.abort());
    request.open("POST", withReasons ? "/api/hear?why" : "/api/hear");
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.send(file);
  });
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}
