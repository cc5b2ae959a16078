// In the thread of sound: samples of all channels, mixed, in pieces that are worth sending.

const PIECE = 2048;

class Capture extends AudioWorkletProcessor {
  constructor() {
    super();
    this.piece = new Float32Array(PIECE);
    this.filled = 0;
  }

  process([channels]) {
    if (!channels.length) return true;
    for (let place = 0; place < channels[0].length; place += 1) {
      let sum = 0;
      for (const channel of channels) sum += channel[place];
      this.piece[this.filled] = sum / channels.length;
      this.filled += 1;
      if (this.filled === PIECE) {
        this.port.postMessage(this.piece.slice());
        this.filled = 0;
      }
    }
    return true;
  }
}

registerProcessor("capture", Capture);
