// The browser's microphone, as it is: without what telephones do to voices.

export function whyNot() {
  if (!window.isSecureContext) return "Browsers give the microphone to pages on this computer only: open http://127.0.0.1.";
  return navigator.mediaDevices ? "" : "This browser has no microphone for pages.";
}

/** Sound of the microphone, which the signal turns off; null where that came before it was allowed. */
export async function microphone(signal) {
  const stream = await allowed();
  const release = () => stream.getTracks().forEach((track) => track.stop());
  signal.addEventListener("abort", release);
  if (!signal.aborted) return stream;
  release();
  return null;
}

async function allowed() {
  const wanted = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
  try {
    return await navigator.mediaDevices.getUserMedia({ audio: wanted });
  } catch (error) {
    const said = { NotAllowedError: "The microphone was not allowed.", NotFoundError: "There is no microphone." };
    throw new Error(said[error.name] ?? `The microphone cannot be used: ${error.message}`);
  }
}
