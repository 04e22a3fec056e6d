// A GRU that learns in a browser: what gru_lab's model, loss, gaps and trainer do, in one module without dependencies.
//
// Numbers are double precision in flat arrays; a batch lies as (time, windows, width), and every width is rounded up to
// a multiple of four, filled with zeros that stay zero. The two inner loops are WebAssembly, written out below
// instruction by instruction; where a page may not use it, the same in JavaScript, about four times slower.
// In a Web Worker the module listens to messages (see the end); imported, it only gives its parts.

const LANES = 4;
const BYTES = 8; // of a double
const up = (size) => Math.ceil(size / LANES) * LANES;

// ---- random numbers ---------------------------------------------------------------------------------------------

// Return a function that draws from [0, 1), the same for the same seeds: Chris Doty-Humphrey's sfc32, seeded by a hash.
export function random(...seeds) {
  let hash = 0x9e3779b9;
  const word = (value) => {
    hash = Math.imul(hash ^ value, 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    return (hash ^= hash >>> 16);
  };
  for (const seed of seeds) word(seed + 1);
  let [a, b, c, d] = [word(1), word(2), word(3), 1];
  const draw = () => {
    const sum = (a + b + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return (sum >>> 0) / 4294967296;
  };
  for (let warm = 0; warm < 15; warm++) draw();
  return draw;
}

function permutation(count, draw) {
  const order = Int32Array.from({ length: count }, (_, index) => index);
  for (let last = count - 1; last > 0; last--) {
    const other = Math.floor(draw() * (last + 1));
    [order[last], order[other]] = [order[other], order[last]];
  }
  return order;
}

// ---- the two inner loops, as WebAssembly --------------------------------------------------------------------------

function unsigned(value) {
  return value < 128 ? [value] : [(value & 127) | 128, ...unsigned(value >>> 7)];
}
function signed(value) {
  return value >= -64 && value < 64 ? [value & 127] : [(value & 127) | 128, ...signed(value >> 7)];
}
const [I32, V128] = [0x7f, 0x7b];
const simd = (code) => (...operands) => [operands, 0xfd, unsigned(code)];
const plain = (code) => (...operands) => [operands, code];
const get = (local) => [0x20, local];
const set = (local, value) => [value, 0x21, local];
const whole = (value) => [0x41, signed(value)];
const [plus, minus, times, less] = [0x6a, 0x6b, 0x6c, 0x49].map(plain);
const [add, sub, mul, div, min, max] = [0xf0, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5].map(simd);
const [addBits, shiftLeft] = [0xce, 0xcb].map(simd);
const load = (address, offset = 0) => [address, 0xfd, 0, 3, unsigned(offset)];
const loadTwice = (address) => [address, 0xfd, 0x0a, 3, 0];
const store = (address, value, offset = 0) => [address, value, 0xfd, 0x0b, 3, unsigned(offset)];
const pair = (value) => [0xfd, 0x0c, ...new Uint8Array(Float64Array.of(value, value).buffer)];
const again = (body, condition) => [0x03, 0x40, body, condition, 0x0d, 0, 0x0b]; // while condition is not 0
const step = (local, by) => set(local, plus(get(local), by));

// product(c, cStep, a, aStep, aNext, b, bStep, rows, width, inner): C += A·B for four rows and columns at a time.
// C and B lie in rows of so many bytes; A's element (row, k) is at a + row·aStep + k·aNext, so that it may lie either
// way. `width` is that of B in bytes.
function productCode() {
  const [c, cStep, a, aStep, aNext, b, bStep, rows, width, inner] = Array(10).keys();
  const [column, k, at, row0] = [10, 11, 12, 13];
  const [b0, b1, value, sum0] = [17, 18, 19, 20];
  const tile = [0, 1, 2, 3];
  const inside = [
    set(b0, load(get(at))),
    set(b1, load(get(at), 16)),
    tile.map((row) => [
      set(value, loadTwice(get(row0 + row))),
      set(sum0 + 2 * row, add(get(sum0 + 2 * row), mul(get(value), get(b0)))),
      set(sum0 + 2 * row + 1, add(get(sum0 + 2 * row + 1), mul(get(value), get(b1)))),
      step(row0 + row, get(aNext)),
    ]),
    step(at, get(bStep)),
    set(k, minus(get(k), whole(1))),
  ];
  const block = [
    tile.map((row) => set(row0 + row, row ? plus(get(row0 + row - 1), get(aStep)) : get(a))),
    tile.map((row) => [set(sum0 + 2 * row, pair(0)), set(sum0 + 2 * row + 1, pair(0))]),
    set(at, plus(get(b), get(column))),
    set(k, get(inner)),
    again(inside, get(k)),
    set(at, plus(get(c), get(column))),
    tile.map((row) => [
      store(get(at), add(load(get(at)), get(sum0 + 2 * row))),
      store(get(at), add(load(get(at), 16), get(sum0 + 2 * row + 1)), 16),
      step(at, get(cStep)),
    ]),
    step(column, whole(LANES * BYTES)),
  ];
  const body = [
    set(column, whole(0)),
    again(block, less(get(column), get(width))),
    step(a, times(get(aStep), whole(LANES))),
    step(c, times(get(cStep), whole(LANES))),
    set(rows, minus(get(rows), whole(LANES))),
  ];
  return { parameters: 10, locals: [7, I32, 11, V128], body: again(body, get(rows)) };
}

// cell(rows, gates, recurrent, side, before, after, width): one step of a GRU, torch's. `gates` holds W·x + b in three
// blocks (reset, update, new) and becomes their values; `side` becomes the new gate's share of `recurrent`, U·h + b.
function cellCode() {
  const [rows, gates, recurrent, side, before, after, width] = Array(7).keys();
  const [column, at, from, x, k, rest, r, z, n] = [7, 8, 9, 10, 11, 12, 13, 14, 15];
  const exponential = (value) => {
    // 2^k times a Taylor series of the rest, which is at most ln(2)/2; k's bits go into the exponent as they are
    const [shift, terms] = [pair(6755399441055744), [11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0]];
    const factorial = (number) => (number ? number * factorial(number - 1) : 1);
    const power = terms.map((term) => pair(1 / factorial(term)));
    return [
      set(x, max(min(value, pair(700)), pair(-700))),
      set(k, add(mul(get(x), pair(Math.LOG2E)), shift)),
      set(rest, sub(get(x), mul(sub(get(k), shift), pair(0.693147180369123816490)))),
      set(rest, sub(get(rest), mul(sub(get(k), shift), pair(1.90821492927058770002e-10)))),
      addBits(power.reduce((sum, one) => add(mul(sum, get(rest)), one)), shiftLeft(get(k), whole(52))),
    ];
  };
  const logistic = (value) => div(pair(1), add(pair(1), exponential(sub(pair(0), value))));
  const part = (base, block) => load(plus(get(base), times(get(width), whole(block))));
  const keep = (block, value) => store(plus(get(at), times(get(width), whole(block))), value);
  const body = [
    set(at, plus(get(gates), get(column))),
    set(from, plus(get(recurrent), get(column))),
    set(r, logistic(add(part(at, 0), part(from, 0)))),
    set(z, logistic(add(part(at, 1), part(from, 1)))),
    store(plus(get(side), get(column)), part(from, 2)),
    set(n, mul(pair(2), add(part(at, 2), mul(get(r), part(from, 2))))),
    set(n, sub(pair(1), div(pair(2), add(pair(1), exponential(get(n)))))),
    [r, z, n].map((gate, block) => keep(block, get(gate))),
    store(
      plus(get(after), get(column)),
      add(get(n), mul(get(z), sub(load(plus(get(before), get(column))), get(n)))),
    ),
    step(column, whole(16)),
  ];
  const row = [
    set(column, whole(0)),
    again(body, less(get(column), get(width))),
    [gates, recurrent].map((base) => step(base, times(get(width), whole(3)))),
    [side, before, after].map((base) => step(base, get(width))),
    set(rows, minus(get(rows), whole(1))),
  ];
  return { parameters: 7, locals: [3, I32, 6, V128], body: again(row, get(rows)) };
}

function moduleBytes() {
  const functions = { product: productCode(), cell: cellCode() };
  const list = (items) => [unsigned(items.length), items];
  const section = (code, content) => {
    const bytes = content.flat(Infinity);
    return [code, unsigned(bytes.length), bytes];
  };
  const text = (name) => [name.length, [...name].map((letter) => letter.charCodeAt(0))];
  const all = Object.values(functions);
  const code = all.map(({ locals, body }) => {
    const bytes = [list([locals.slice(0, 2), locals.slice(2)]), body, 0x0b].flat(Infinity);
    return [unsigned(bytes.length), bytes];
  });
  const parts = [
    [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    section(1, list(all.map(({ parameters }) => [0x60, list(Array(parameters).fill(I32)), 0]))),
    section(2, list([[text("lab"), text("memory"), 2, 0, 1]])),
    section(3, list(all.map((_, index) => index))),
    section(7, list(Object.keys(functions).map((name, index) => [text(name), 0, index]))),
    section(10, list(code)),
  ];
  return Uint8Array.from(parts.flat(Infinity));
}

// The same two in JavaScript; addresses and steps come in bytes here too.
function plainLoops(memory) {
  const all = new Float64Array(memory.buffer);
  function product(c, cStep, a, aStep, aNext, b, bStep, rows, width, inner) {
    [c, cStep, a, aStep, aNext, b, bStep, width] = [c, cStep, a, aStep, aNext, b, bStep, width].map((v) => v / BYTES);
    for (let row = 0; row < rows; row++, a += aStep, c += cStep) {
      for (let column = 0; column < width; column += LANES) {
        let sum0 = 0;
        let sum1 = 0;
        let sum2 = 0;
        let sum3 = 0;
        for (let k = 0, from = a, at = b + column; k < inner; k++, from += aNext, at += bStep) {
          const value = all[from];
          sum0 += value * all[at];
          sum1 += value * all[at + 1];
          sum2 += value * all[at + 2];
          sum3 += value * all[at + 3];
        }
        all[c + column] += sum0;
        all[c + column + 1] += sum1;
        all[c + column + 2] += sum2;
        all[c + column + 3] += sum3;
      }
    }
  }
  function cell(rows, gates, recurrent, side, before, after, width) {
    [gates, recurrent, side, before, after, width] = [gates, recurrent, side, before, after, width].map((v) => v / BYTES);
    for (let row = 0; row < rows; row++, gates += 3 * width, recurrent += 3 * width) {
      for (let column = 0; column < width; column++, side++, before++, after++) {
        const at = gates + column;
        const from = recurrent + column;
        const r = 1 / (1 + Math.exp(-all[at] - all[from]));
        const z = 1 / (1 + Math.exp(-all[at + width] - all[from + width]));
        all[side] = all[from + 2 * width];
        const n = Math.tanh(all[at + 2 * width] + r * all[side]);
        all[at] = r;
        all[at + width] = z;
        all[at + 2 * width] = n;
        all[after] = n + z * (all[before] - n);
      }
    }
  }
  return { product, cell };
}

function loops(memory, fast) {
  try {
    if (fast) return new WebAssembly.Instance(new WebAssembly.Module(moduleBytes()), { lab: { memory } }).exports;
  } catch {
    // forbidden here, or a browser without it: slower, and the same figures
  }
  return plainLoops(memory);
}

// ---- the network --------------------------------------------------------------------------------------------------

// A GRU and a linear layer, for batches of at most `batch` windows of `steps`. `shapes` lists the parameters by name as
// [rows, columns, width]: the columns are the gates (three blocks of `width`) or the channels.
export class Network {
  constructor({ inputs, channels, hidden, layers, batch, steps, fast = true }) {
    Object.assign(this, { inputs, channels, hidden, layers, batch, steps });
    this.lines = up(batch); // rows of one step
    this.rows = steps * this.lines;
    this.wide = { in: up(inputs), hidden: up(hidden), gates: 3 * up(hidden), out: up(channels) };
    let size = 0;
    this._lay((length) => void (size += length));
    this.memory = new WebAssembly.Memory({ initial: Math.ceil((size * BYTES) / 65536) + 1 });
    Object.assign(this, loops(this.memory, fast));
    let at = 0;
    this._lay((length) => {
      const view = new Float64Array(this.memory.buffer, at, length);
      at += length * BYTES;
      return view;
    });
    this.steps_of_adam = 0;
  }

  // Name all arrays, each taken by `take(length)`.
  _lay(take) {
    const { wide, rows, lines } = this;
    this.shapes = {};
    for (let layer = 0; layer < this.layers; layer++) {
      const [width, real] = layer ? [wide.hidden, this.hidden] : [wide.in, this.inputs];
      this.shapes[`input ${layer}`] = [width, wide.gates, real];
      this.shapes[`recurrent ${layer}`] = [wide.hidden, wide.gates, this.hidden];
      this.shapes[`input bias ${layer}`] = [1, wide.gates, 1];
      this.shapes[`recurrent bias ${layer}`] = [1, wide.gates, 1];
    }
    this.shapes.out = [wide.hidden, wide.out, this.hidden];
    this.shapes["out bias"] = [1, wide.out, 1];
    const count = Object.values(this.shapes).reduce((sum, [height, width]) => sum + height * width, 0);
    for (const name of ["weights", "gradients", "mean", "square"]) this[name] = take(count);
    let at = 0;
    this.weight = {};
    this.gradient = {};
    for (const [name, [height, width]] of Object.entries(this.shapes)) {
      this.weight[name] = this.weights?.subarray(at, at + height * width);
      this.gradient[name] = this.gradients?.subarray(at, (at += height * width));
    }
    this.x = take(rows * wide.in);
    this.layer = Array.from({ length: this.layers }, () => ({
      gates: take(rows * wide.gates),
      side: take(rows * wide.hidden),
      states: take((rows + lines) * wide.hidden), // the first step's are the zeros before it
      kept: take(rows * wide.hidden), // what dropout leaves for the layer above, and by what it is multiplied
      dropped: take(rows * wide.hidden),
      wanted: take(rows * wide.hidden), // gradient of the states
    }));
    this.recurrent = take(lines * wide.gates);
    this.gateGradient = take(rows * wide.gates);
    this.recurrentGradient = take(rows * wide.gates);
    this.carried = take(lines * wide.hidden);
    this.out = take(rows * wide.out);
    this.outGradient = take(rows * wide.out);
    this.turned = take(wide.gates * Math.max(wide.hidden, wide.in) + wide.out * wide.hidden);
  }

  // C += A·B, A (rows, inner) and B (inner, width); `at` are places of the first elements.
  _times(C, A, B, rows, inner, width, at = [0, 0]) {
    const [c, a] = [C.byteOffset + at[0] * BYTES, A.byteOffset + at[1] * BYTES];
    this.product(c, width * BYTES, a, inner * BYTES, BYTES, B.byteOffset, width * BYTES, rows, width * BYTES, inner);
  }

  // C += Aᵀ·B, A (rows, height) and B (rows, width), a few rows at a time so that they stay near the processor
  _timesTurned(C, A, B, rows, height, width) {
    for (let row = 0; row < rows; row += 32) {
      const [a, b] = [A.byteOffset + row * height * BYTES, B.byteOffset + row * width * BYTES];
      const inner = Math.min(32, rows - row);
      this.product(C.byteOffset, width * BYTES, a, BYTES, height * BYTES, b, width * BYTES, height, width * BYTES, inner);
    }
  }

  _turn(weight, height, width) {
    for (let row = 0; row < height; row++)
      for (let column = 0; column < width; column++) this.turned[column * height + row] = weight[row * width + column];
    return this.turned;
  }

  // Draw the weights as torch does: evenly from ±1/√hidden.
  draw(next) {
    const bound = 1 / Math.sqrt(this.hidden);
    const gates = Array.from({ length: 3 * this.hidden }, (_, gate) => {
      return Math.floor(gate / this.hidden) * this.wide.hidden + (gate % this.hidden);
    });
    for (const [name, [, width, rows]] of Object.entries(this.shapes)) {
      const columns = name.startsWith("out") ? Array(this.channels).keys() : gates;
      for (const column of columns)
        for (let row = 0; row < rows; row++) this.weight[name][row * width + column] = (2 * next() - 1) * bound;
    }
  }

  // Fill what dropout multiplies the states by: 0, or 1/(1 - dropout). 0 switches it off.
  drop(dropout, next) {
    this.dropping = dropout > 0;
    if (!this.dropping) return;
    for (const { dropped } of this.layer.slice(0, -1))
      for (let at = 0; at < dropped.length; at++) dropped[at] = next() < dropout ? 0 : 1 / (1 - dropout);
  }

  // Take `x` to `out`, both (steps, lines, width).
  forward() {
    let below = this.x;
    this.layer.forEach((layer, index) => {
      below = this._layerForward(layer, index, below);
    });
    fillRows(this.out, this.weight["out bias"]);
    const last = this.layer[this.layers - 1].states.subarray(this.lines * this.wide.hidden);
    this._times(this.out, last, this.weight.out, this.rows, this.wide.hidden, this.wide.out);
  }

  _layerForward(layer, index, below) {
    const { wide, lines, rows } = this;
    const { gates, side, states } = layer;
    fillRows(gates, this.weight[`input bias ${index}`]);
    this._times(gates, below, this.weight[`input ${index}`], rows, below.length / rows, wide.gates);
    for (let time = 0; time < this.steps; time++) {
      const [here, next] = [time * lines * wide.hidden, (time + 1) * lines * wide.hidden];
      fillRows(this.recurrent, this.weight[`recurrent bias ${index}`]);
      const weight = this.weight[`recurrent ${index}`];
      this._times(this.recurrent, states, weight, lines, wide.hidden, wide.gates, [0, here]);
      const at = [gates.byteOffset + time * lines * wide.gates * BYTES, this.recurrent.byteOffset];
      at.push(side.byteOffset + here * BYTES, states.byteOffset + here * BYTES, states.byteOffset + next * BYTES);
      this.cell(lines, ...at, wide.hidden * BYTES);
    }
    const after = states.subarray(lines * wide.hidden);
    if (!this.dropping || index === this.layers - 1) return after;
    for (let at = 0; at < after.length; at++) layer.kept[at] = after[at] * layer.dropped[at];
    return layer.kept;
  }

  // Take `outGradient` to `gradients`, of the batch that went forward last.
  backward() {
    const { wide, rows, lines } = this;
    this.gradients.fill(0);
    const last = this.layer[this.layers - 1];
    const after = last.states.subarray(lines * wide.hidden);
    this._timesTurned(this.gradient.out, after, this.outGradient, rows, wide.hidden, wide.out);
    addRows(this.gradient["out bias"], this.outGradient);
    last.wanted.fill(0);
    const turned = this._turn(this.weight.out, wide.hidden, wide.out);
    this._times(last.wanted, this.outGradient, turned, rows, wide.out, wide.hidden);
    for (let index = this.layers - 1; index >= 0; index--) this._layerBackward(index);
  }

  _layerBackward(index) {
    const { wide, rows, lines, gateGradient, recurrentGradient } = this;
    const layer = this.layer[index];
    const lower = this.layer[index - 1];
    const turned = this._turn(this.weight[`recurrent ${index}`], wide.hidden, wide.gates);
    this.carried.fill(0);
    for (let time = this.steps - 1; time >= 0; time--) {
      this._cellBackward(layer, time);
      const at = [0, time * lines * wide.gates];
      this._times(this.carried, recurrentGradient, turned, lines, wide.gates, wide.hidden, at);
    }
    const after = lower?.states.subarray(lines * wide.hidden);
    const below = lower ? (this.dropping ? lower.kept : after) : this.x;
    const width = lower ? wide.hidden : wide.in;
    this._timesTurned(this.gradient[`input ${index}`], below, gateGradient, rows, width, wide.gates);
    this._timesTurned(this.gradient[`recurrent ${index}`], layer.states, recurrentGradient, rows, wide.hidden, wide.gates);
    addRows(this.gradient[`input bias ${index}`], gateGradient);
    addRows(this.gradient[`recurrent bias ${index}`], recurrentGradient);
    if (!lower) return;
    lower.wanted.fill(0);
    const input = this._turn(this.weight[`input ${index}`], width, wide.gates);
    this._times(lower.wanted, gateGradient, input, rows, wide.gates, width);
    if (this.dropping) for (let at = 0; at < lower.wanted.length; at++) lower.wanted[at] *= lower.dropped[at];
  }

  // One step back: the gradients of the gates, and in `carried` what reaches the states before without the gates.
  _cellBackward({ gates, side, states, wanted }, time) {
    const { lines, carried, gateGradient, recurrentGradient } = this;
    const hidden = this.wide.hidden;
    for (let line = 0, unit = 0; line < lines; line++) {
      let at = (time * lines + line) * 3 * hidden;
      let state = (time * lines + line) * hidden;
      for (let end = unit + hidden; unit < end; unit++, at++, state++) {
        const r = gates[at];
        const z = gates[at + hidden];
        const n = gates[at + 2 * hidden];
        const total = wanted[state] + carried[unit];
        const ofNew = total * (1 - z) * (1 - n * n);
        const ofReset = ofNew * side[state] * r * (1 - r);
        const ofUpdate = total * (states[state] - n) * z * (1 - z);
        gateGradient[at] = recurrentGradient[at] = ofReset;
        gateGradient[at + hidden] = recurrentGradient[at + hidden] = ofUpdate;
        gateGradient[at + 2 * hidden] = ofNew;
        recurrentGradient[at + 2 * hidden] = ofNew * r;
        carried[unit] = total * z;
      }
    }
  }

  // One step of Adam, as torch takes it.
  adam(rate, first = 0.9, second = 0.999, small = 1e-8) {
    const { weights, gradients, mean, square } = this;
    this.steps_of_adam += 1;
    const size = rate / (1 - first ** this.steps_of_adam);
    const root = Math.sqrt(1 - second ** this.steps_of_adam);
    for (let at = 0; at < weights.length; at++) {
      const slope = gradients[at];
      mean[at] += (1 - first) * (slope - mean[at]);
      square[at] = second * square[at] + (1 - second) * slope * slope;
      weights[at] -= (size * mean[at]) / (Math.sqrt(square[at]) / root + small);
    }
  }
}

function fillRows(matrix, row) {
  for (let at = 0; at < matrix.length; at += row.length) matrix.set(row, at);
}

function addRows(row, matrix) {
  const width = row.length;
  for (let at = 0; at < matrix.length; at += width)
    for (let column = 0; column < width; column++) row[column] += matrix[at + column];
}

// ---- windows, gaps and the two simple ways to fill them -----------------------------------------------------------

// Return the rows of a table as whole windows, flat (windows, steps, channels); `parts` are [first, last + 1] rows.
export function windowsOf(values, channels, parts, steps) {
  const pieces = parts.map(([begin, end]) => {
    const count = Math.floor((end - begin) / steps);
    return values.subarray(begin * channels, (begin + count * steps) * channels);
  });
  return Float64Array.from(pieces.flatMap((piece) => [...piece]));
}

// Hide each entry with the same probability, never a window's first step; 1 where hidden.
export function hide(length, steps, channels, rate, next) {
  const hidden = new Uint8Array(length);
  for (let at = 0; at < length; at++) {
    const draw = next() < rate; // drawn for each, so that the gaps of one entry do not hang on another's
    hidden[at] = draw && Math.floor(at / channels) % steps > 0 ? 1 : 0;
  }
  return hidden;
}

export function forwardFill(truth, hidden, channels) {
  const filled = Float64Array.from(truth);
  for (let at = channels; at < filled.length; at++) if (hidden[at]) filled[at] = filled[at - channels];
  return filled;
}

// The straight line between the seen neighbours in the window; after the last seen one it goes on level.
export function straightLine(truth, hidden, channels, steps) {
  const filled = Float64Array.from(truth);
  for (let at = 0; at < filled.length; at++) {
    if (!hidden[at]) continue;
    const place = Math.floor(at / channels) % steps;
    let [left, right] = [1, 1];
    while (hidden[at - left * channels]) left++;
    while (place + right < steps && hidden[at + right * channels]) right++;
    const [from, to] = [truth[at - left * channels], truth[at + right * channels]];
    filled[at] = place + right < steps ? from + ((to - from) * left) / (left + right) : from;
  }
  return filled;
}

function meanSquaredError(filled, truth, hidden) {
  let [sum, count] = [0, 0];
  for (let at = 0; at < truth.length; at++) {
    if (!hidden[at]) continue;
    sum += (filled[at] - truth[at]) ** 2;
    count++;
  }
  return sum / count;
}

// ---- a run --------------------------------------------------------------------------------------------------------

const VALIDATION_GAPS = [0, 1]; // seeds of the gaps that every run is scored on
const [TRAIN_END, VALIDATION_END] = [5 / 7, 6 / 7];

// One run on a table {values (rows x channels, scaled), channels: count, parts}; settings have RunConfig's names.
export class Run {
  constructor(table, settings, fast = true) {
    const { channels, parts } = table;
    const steps = settings.window;
    Object.assign(this, { settings, channels, steps, moves: [], rows: [] });
    this.weight = this.used = settings.missing_weight;
    const share = (begin, end) => {
      return parts.map(([first, last]) => [begin, end].map((at) => first + Math.round((last - first) * at)));
    };
    const gaps = (truth, seeds) => {
      const hidden = hide(truth.length, steps, channels, settings.missing_rate, random(...seeds));
      if (!hidden.includes(1)) throw new Error("the table is too small: nothing in it could be hidden");
      return { truth, hidden, filled: forwardFill(truth, hidden, channels), windows: truth.length / steps / channels };
    };
    this.training = gaps(windowsOf(table.values, channels, share(0, TRAIN_END), steps), [settings.seed, 0]);
    this.validation = gaps(windowsOf(table.values, channels, share(TRAIN_END, VALIDATION_END), steps), VALIDATION_GAPS);
    this.batches = Math.max(1, Math.round(this.training.windows / settings.batch_size));
    this.network = new Network({
      inputs: channels * (settings.mask_input ? 2 : 1),
      channels,
      hidden: settings.hidden_size,
      layers: settings.num_layers,
      batch: Math.ceil(this.training.windows / this.batches),
      steps,
      fast,
    });
    this.network.draw(random(settings.seed, 1));
    this.drops = settings.dropout > 0 && settings.num_layers > 1;
  }

  references() {
    const { truth, hidden, filled } = this.validation;
    const line = straightLine(truth, hidden, this.channels, this.steps);
    const ways = { "forward fill": filled, "straight line": line };
    return Object.fromEntries(Object.entries(ways).map(([way, values]) => [way, meanSquaredError(values, truth, hidden)]));
  }

  // Call act(from, at) for each step of some windows: its place in the data, and in the network's rows of that width.
  _each(windows, width, act) {
    const { network, channels, steps } = this;
    for (let line = 0; line < windows.length; line++)
      for (let time = 0; time < steps; time++)
        act((windows[line] * steps + time) * channels, (time * network.lines + line) * width);
  }

  // Put windows into the network's batch.
  _put({ filled, hidden }, windows) {
    const { network, channels, settings } = this;
    const { x } = network;
    this._each(windows, network.wide.in, (from, at) => {
      for (let channel = 0; channel < channels; channel++) {
        x[at + channel] = filled[from + channel];
        if (settings.mask_input) x[at + channels + channel] = hidden[from + channel];
      }
    });
  }

  // Return [sum over all, sum over hidden, hidden entries] of squared errors, and put into the network's outGradient the
  // differences, 0 in what is not of the batch.
  _errors({ truth, hidden }, windows) {
    const { network, channels } = this;
    const { out, outGradient } = network;
    let [all, missing, count] = [0, 0, 0];
    outGradient.fill(0);
    this._each(windows, network.wide.out, (from, at) => {
      for (let channel = 0; channel < channels; channel++) {
        const away = (outGradient[at + channel] = out[at + channel] - truth[from + channel]);
        all += away * away;
        if (!hidden[from + channel]) continue;
        missing += away * away;
        count++;
      }
    });
    return [all, missing, count];
  }

  // One step on some windows, with the loss (A + w·M)/(1 + w); returns [A, M].
  step(windows, dropout = 0, next = null) {
    const { network, channels, steps, weight } = this;
    this._put(this.training, windows);
    network.drop(dropout, next);
    network.forward();
    const [all, missing, count] = this._errors(this.training, windows);
    const total = windows.length * steps * channels;
    const [ofAll, ofMissing] = [2 / (1 + weight) / total, (2 * weight) / (1 + weight) / (count || 1)];
    this._each(windows, network.wide.out, (from, at) => {
      for (let channel = 0; channel < channels; channel++)
        network.outGradient[at + channel] *= ofAll + (this.training.hidden[from + channel] ? ofMissing : 0);
    });
    network.backward();
    network.adam(this.settings.learning_rate);
    return [all / total, missing / (count || 1)];
  }

  // Train an epoch, a batch at each `next()`; the last one gives its row, with the names of gru_lab.loss.METRICS.
  *epoch() {
    const began = performance.now();
    const { settings, training, batches } = this;
    const epoch = this.rows.length + 1;
    const order = permutation(training.windows, random(settings.seed, epoch, 0));
    const sums = [0, 0];
    let last;
    for (let batch = 0; batch < batches; batch++) {
      if (this.weight !== this.used) this.moves.push([epoch, batch + 1, this.weight]);
      this.used = this.weight;
      const [begin, end] = [batch, batch + 1].map((at) => Math.round((at * training.windows) / batches));
      const dropout = this.drops ? settings.dropout : 0;
      last = this.step(order.subarray(begin, end), dropout, random(settings.seed, epoch, batch + 1));
      last.forEach((value, index) => (sums[index] += value / batches));
      if (batch + 1 < batches) yield null;
    }
    const off = this.validate();
    const on = this.drops ? this.validate(settings.dropout, random(settings.seed, epoch, 0, 1)) : off;
    const names = ["train_all", "train_missing", "last_all", "last_missing", "val_all", "val_missing"];
    names.push("val_all_dropout", "val_missing_dropout");
    const row = { epoch };
    [...sums, ...last, ...off, ...on].forEach((value, index) => (row[names[index]] = value));
    row.seconds = (performance.now() - began) / 1000;
    if (!names.every((name) => Number.isFinite(row[name]))) {
      throw new Error(`the loss is no longer finite in epoch ${epoch}: choose a lower learning rate`);
    }
    this.rows.push(row);
    yield row;
  }

  // Return [A, M] over all validation windows.
  validate(dropout = 0, next = null) {
    const sums = [0, 0, 0];
    for (let begin = 0; begin < this.validation.windows; begin += this.network.batch) {
      const windows = this._validationWindows(begin, this.network.batch);
      this._put(this.validation, windows);
      this.network.drop(dropout, next);
      this.network.forward();
      this._errors(this.validation, windows).forEach((value, index) => (sums[index] += value));
    }
    return [sums[0] / this.validation.truth.length, sums[1] / sums[2]];
  }

  _validationWindows(begin, count) {
    const end = Math.min(begin + count, this.validation.windows);
    return Array.from({ length: end - begin }, (_, index) => begin + index);
  }

  // Return the first validation windows as the network fills them, flat (windows, steps, channels).
  repair(count) {
    const { network, channels, steps } = this;
    const windows = this._validationWindows(0, Math.min(count, network.batch));
    this._put(this.validation, windows);
    network.drop(0);
    network.forward();
    const values = new Float64Array(windows.length * steps * channels);
    this._each(windows, network.wide.out, (from, at) => values.set(network.out.subarray(at, at + channels), from));
    return values;
  }
}

// Return a row as both rulers read it: as gru_lab.tuning_log.rulers reads the log (M scaled by r², the last batch,
// validation with dropout on), and by the error on hidden entries, dropout off, by which any two runs compare.
export function readings(row, weight, hiddenShare, onlyMissing) {
  const square = hiddenShare ** 2;
  const read = (all, missing) => (all + weight * square * missing) / (1 + weight);
  const [all, missing] = [row.val_all_dropout, row.val_missing_dropout];
  return {
    recorded: {
      training: read(row.last_all, row.last_missing),
      validation: onlyMissing ? square * missing : read(all, missing),
    },
    corrected: { training: row.train_missing, validation: row.val_missing },
  };
}

// ---- as a worker --------------------------------------------------------------------------------------------------

const PICTURE = { windows: 6, milliseconds: 100 };
const TURN = 25; // milliseconds of training before the next message is looked at

function listen(port) {
  let run = null;
  const turn = new MessageChannel();
  let [training, drawn] = [null, 0];
  function work() {
    const until = performance.now() + TURN;
    while (run && performance.now() < until) {
      const { value } = training.next();
      if (!value) continue;
      const last = run.rows.length >= run.epochs;
      const due = last || run.rows.length === 1 || performance.now() - drawn > PICTURE.milliseconds;
      if (due) drawn = performance.now();
      const repair = due ? run.repair(PICTURE.windows) : null;
      const share = (run.settings.missing_rate * (run.steps - 1)) / run.steps;
      const read = readings(value, run.weight / share ** 2, share, run.settings.validate_missing_only);
      port.postMessage({ kind: "epoch", row: value, read, moves: run.moves, repair });
      if (last) end("done");
      else training = run.epoch();
    }
    if (run) turn.port1.postMessage(0);
  }
  function end(how) {
    run = null;
    port.postMessage({ kind: "end", how });
  }
  turn.port2.onmessage = () => {
    try {
      work();
    } catch (error) {
      run = null;
      port.postMessage({ kind: "failed", message: error.message });
    }
  };
  const answers = {
    train({ table, settings }) {
      run = new Run(table, settings);
      run.epochs = settings.epochs;
      training = run.epoch();
      const { truth, hidden, filled } = run.validation;
      const length = Math.min(PICTURE.windows, run.validation.windows) * run.steps * run.channels;
      const part = [truth, hidden, filled].map((values) => values.slice(0, length));
      port.postMessage({ kind: "begin", references: run.references(), picture: part, batches: run.batches });
      turn.port1.postMessage(0);
    },
    weight({ value }) {
      if (run) run.weight = value;
    },
    epochs({ value }) {
      if (run) run.epochs = value;
    },
    stop() {
      if (run) end("stopped");
    },
  };
  port.onmessage = ({ data }) => {
    try {
      answers[data.kind](data);
    } catch (error) {
      port.postMessage({ kind: "failed", message: error.message });
    }
  };
}

if (typeof WorkerGlobalScope !== "undefined") listen(globalThis);
