// Pictures of a track on a canvas: its outline, the shares of genres over time, its spectrogram.

const DYNAMIC_DB = 70;
const HEADROOM_DB = 25;
const GREY = "#808080";

/** The samples, each stretch in the colour of the genre that was strongest there, and marks of what decided. */
export function outline(canvas, row, colours, { ink }) {
  const paper = canvas.getContext("2d");
  const { lows, highs, seconds_per_point: step } = row.waveform;
  const loud = Math.max(0.001, ...highs, ...lows.map((one) => -one));
  const [perSecond, mark] = [canvas.width / row.duration_seconds, canvas.height * 0.14];
  const middle = mark + (canvas.height - mark) / 2;
  const scale = (canvas.height - mark) / 2 / loud;
  let window = 0;
  for (let place = 0; place < lows.length; place += 1) {
    const now = (place + 0.5) * step;
    while (window + 1 < row.windows.length && row.windows[window + 1].start_seconds <= now) window += 1;
    paper.fillStyle = colours[strongest(row, window)] ?? GREY;
    const height = Math.max(1, (highs[place] - lows[place]) * scale);
    paper.fillRect(place * step * perSecond, middle - highs[place] * scale, Math.max(1, step * perSecond), height);
  }
  paper.fillStyle = ink;
  for (const one of row.deciding) {
    const centre = ((one.start_seconds + one.end_seconds) / 2) * perSecond;
    paper.beginPath();
    paper.moveTo(centre - mark / 2, 0);
    paper.lineTo(centre + mark / 2, 0);
    paper.lineTo(centre, mark * 0.9);
    paper.fill();
  }
}

function strongest(row, place) {
  const shares = row.windows[place]?.probabilities;
  return shares ? row.genre_order[shares.indexOf(Math.max(...shares))] : null;
}

/** The probabilities of some genres over time, one above the other. */
export function shares(canvas, row, genres, colours) {
  const paper = canvas.getContext("2d");
  const perSecond = canvas.width / row.duration_seconds;
  const places = genres.map((genre) => row.genre_order.indexOf(genre));
  row.windows.forEach((window, number) => {
    const next = row.windows[number + 1]?.start_seconds ?? row.duration_seconds;
    if (!window.probabilities) return;
    let base = canvas.height;
    places.forEach((place, order) => {
      const height = window.probabilities[place] * canvas.height;
      base -= height;
      paper.fillStyle = colours[genres[order]] ?? GREY;
      paper.fillRect(window.start_seconds * perSecond, base, (next - window.start_seconds) * perSecond + 0.5, height);
    });
  });
}

/** The spectrogram in grey, and in a genre's colour what speaks for it; `evidence` may be null. */
export function spectrogram(canvas, excerpt, evidence, colours, { isDark }) {
  const frames = excerpt.spectrogram_db;
  const [width, height] = [frames.length, frames[0].length];
  const sorted = frames.flat().sort((one, other) => one - other);
  const top = sorted[Math.floor(sorted.length * 0.999)];
  const colour = hue(evidence && colours[evidence.genre]);
  const small = new OffscreenCanvas(width, height);
  const picture = new ImageData(width, height);
  for (let x = 0; x < width; x += 1) {
    for (let y = 0; y < height; y += 1) {
      const share = Math.min(1, Math.max(0, (frames[x][y] - top + DYNAMIC_DB) / (DYNAMIC_DB + HEADROOM_DB)));
      const grey = 255 * (isDark ? share : 1 - share);
      const cover = evidence ? Math.sqrt(evidence.cells[x][y]) * 0.85 : 0;
      const start = 4 * ((height - 1 - y) * width + x);
      for (let channel = 0; channel < 3; channel += 1) picture.data[start + channel] = grey * (1 - cover) + colour[channel] * cover;
      picture.data[start + 3] = 255;
    }
  }
  small.getContext("2d").putImageData(picture, 0, 0);
  const paper = canvas.getContext("2d");
  paper.imageSmoothingQuality = "high";
  paper.drawImage(small, 0, 0, canvas.width, canvas.height);
}

function hue(colour) {
  return [1, 3, 5].map((start) => Number.parseInt((colour || GREY).slice(start, start + 2), 16));
}
