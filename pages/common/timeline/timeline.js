// One sequence step by step: what came in, q(t), z(t) and the answer so far, with one cursor through all of them.
// Everything that happens here happens in the browser; the server is asked for nothing. The step in numbers: numbers.js.

const SVG = "http://www.w3.org/2000/svg"
const LANE = 20, STRIP = 24, SYMBOLS = 22, VERDICT = 18, BLEND = 48, GAP = 12, SIGNAL = 100, SURE = 34, ANSWER = 64, ROW = 12, LABELS = 76, AXIS = 34, BRACKET = 24 // pixels
const NARROWEST = 100 // pixels; below, widths of parts would be negative
const WHOLE_PLAY = 7000 // milliseconds from the first step to the last, unless that is too slow for few steps
const ICONS = {
  play: "M7 4l13 8-13 8z",
  pause: "M6 4h4v16h-4zM14 4h4v16h-4z",
  back: "M6 4h3v16h-3zM20 4v16l-10-8z",
  forward: "M15 4h3v16h-3zM4 4l10 8-10 8z",
}
const views = new WeakMap()

export default function ({ parentElement, data, setStateValue, setTriggerValue }) {
  let view = views.get(parentElement)
  if (!view) views.set(parentElement, (view = new Timeline(parentElement, data, setStateValue)))
  view.ask = setTriggerValue
  view.show(data)
  return () => {
    view.close()
    views.delete(parentElement)
  }
}

class Timeline {
  /**
   * begin: the step that the address names, or null; pin: the same if it is pinned here; turned: how often Back was
   * pressed; tell(name, value): what the server is to know.
   */
  constructor(parent, { begin, pin, turned }, tell) {
    this.tell = tell
    this.turned = turned
    this.root = element("div", { class: "timeline", role: "group" }, parent)
    this.readout = element("p", { class: "readout" }, this.root)
    this.svg = draw("svg", { role: "img", tabindex: 0 }, this.root)
    this.transport = element("div", { class: "transport" }, this.root)
    this.back = button(this.transport, "back", "One step back", () => this.step(-1))
    this.play = button(this.transport, "play", "Play", () => this.toggle())
    this.play.classList.add("play")
    this.forward = button(this.transport, "forward", "One step on", () => this.step(1))
    this.slider = element("input", { type: "range", min: 0, step: 1 }, this.transport)
    this.slider.oninput = () => this.go(Number(this.slider.value))
    this.save = saving(this.transport, { SVG: () => this.saveSvg(), PNG: () => this.savePng(), CSV: () => this.saveCsv() })
    this.numbers = new Numbers(this.root, lstm => this.choose(lstm))
    this.svg.onpointermove = event => this.hover(event)
    this.svg.onpointerdown = event => event.pointerType !== "mouse" && this.hover(event)
    this.svg.onclick = event => this.click(event)
    this.root.onkeydown = event => this.key(event)
    this.follow = event => event.detail.from !== this && this.comeAlong(event.detail)
    this.answer = () => this.pinned && this.lead()
    window.addEventListener("mrnn-step", this.follow)
    window.addEventListener("mrnn-pinned", this.answer)
    this.watch = new ResizeObserver(() => this.root.clientWidth !== this.width && this.data && this.draw())
    this.watch.observe(this.root)
    this.pinned = pin !== null // then the mouse no longer moves the cursor ...
    this.held = false // ... nor where another picture of the page is pinned: there is one cursor, and one pin
    this.t = begin ?? undefined
    this.arriving = false // while it plays, what has not come in yet is veiled
    this.led = false // whether another picture of the page plays
  }

  close() {
    this.pause()
    clearTimeout(this.resting)
    this.watch.disconnect()
    window.removeEventListener("mrnn-step", this.follow)
    window.removeEventListener("mrnn-pinned", this.answer)
    if (this.pinned) {
      this.pinned = false
      this.lead() // the others are free again
    }
    this.root.remove()
  }

  show(data) {
    const first = !this.data
    this.data = data
    if (this.t === undefined || this.t >= data.steps) this.t = Math.floor(data.steps / 2)
    this.root.setAttribute("aria-label", data.alt)
    this.root.classList.toggle("compact", data.compact)
    this.svg.setAttribute("aria-label", `${data.alt} ${this.story()}`)
    this.svg.style.touchAction = data.down ? "pan-x" : "pan-y" // along time a finger moves the cursor, not the page
    this.slider.max = data.steps - 1
    this.slider.setAttribute("aria-label", `${data.step} t`)
    this.draw()
    if (data.turned !== this.turned) this.turn(data)
    if (!first) return
    if (this.pinned) this.lead()
    else window.dispatchEvent(new CustomEvent("mrnn-pinned")) // is any other? It answers
  }

  /** Back or Forward: what is pinned is what the address says. */
  turn({ pin, turned }) {
    this.turned = turned
    if (pin !== null) this.pin(true, pin)
    else if (this.pinned) this.pin(false)
  }

  // -- moving through time ----------------------------------------------------------------------------------------

  /** As a person does: the other pictures of the page come along. */
  visit(t) {
    this.arriving = this.arriving && this.timer !== undefined
    this.moveTo(t)
    this.lead()
  }

  lead() {
    const detail = { t: this.t, arriving: this.arriving, playing: this.timer !== undefined, pinned: this.pinned, from: this }
    window.dispatchEvent(new CustomEvent("mrnn-step", { detail }))
  }

  /** Another picture of the page moves, plays or is pinned: this one shows the same step, in numbers, too. */
  comeAlong({ t, arriving, playing, pinned }) {
    if (playing || pinned) this.stop()
    this.led = playing
    this.held = pinned
    if (this.pinned) {
      this.pinned = false // it is the other one's now
      this.remember()
    }
    this.arriving = arriving
    this.moveTo(t)
  }

  moveTo(t) {
    this.t = Math.max(0, Math.min(this.data.steps - 1, t))
    this.mark()
  }

  step(by) {
    this.go(this.t + by)
  }

  /** To a step that was asked for; what is pinned, here or in another picture, is pinned there then. */
  go(t) {
    this.pause()
    if (this.stays) this.pin(true, t)
    else this.visit(t)
  }

  get stays() {
    return this.pinned || this.held
  }

  /** Let the address know what is pinned, once the hand rests. */
  remember() {
    clearTimeout(this.resting)
    this.resting = setTimeout(() => this.tell("pin", { t: this.pinned ? this.t : null }), 250)
  }

  hover(event) {
    if (!this.stays && this.timer === undefined && !this.led) this.visit(this.under(event))
  }

  click(event) {
    const t = this.under(event)
    this.pin(!(this.stays && this.t === t), t)
  }

  pin(pinned, t = this.t) {
    this.pause()
    this.pinned = pinned
    this.held = false
    this.visit(t)
    this.remember()
  }

  key(event) {
    const along = this.data.down ? ["ArrowUp", "ArrowDown"] : ["ArrowLeft", "ArrowRight"]
    const ways = {
      [along[0]]: () => this.step(-1),
      [along[1]]: () => this.step(1),
      Home: () => this.step(-this.data.steps),
      End: () => this.step(this.data.steps),
      Enter: () => this.pin(!this.stays),
      Escape: () => this.pin(false),
    }
    if (event.target === this.svg) ways[" "] = () => this.toggle()
    const onButton = event.target instanceof HTMLButtonElement || event.target.tagName === "SUMMARY"
    if (this.data.choosable) {
      for (let j = 0; j < Math.min(this.data.k, 9); j++) ways[j + 1] = () => this.choose(j)
      ways.Delete = ways.Backspace = () => this.choose(null)
    }
    if (!(event.key in ways) || event.ctrlKey || event.metaKey || event.altKey) return
    if (onButton && event.key === "Enter") return
    event.preventDefault()
    event.stopPropagation()
    ways[event.key]()
  }

  /** Ask for another LSTM at the step of the cursor; null lets the network choose again. */
  choose(lstm) {
    this.pause()
    this.ask("chosen", { t: this.t, lstm })
  }

  toggle() {
    if (this.timer !== undefined) return this.pause()
    const pace = Math.min(180, WHOLE_PLAY / this.data.steps)
    const began = performance.now()
    const from = this.arriving && this.t < this.data.steps - 1 ? this.t : 0
    if (this.pinned) this.remember()
    this.pinned = this.held = this.led = false
    this.arriving = true
    this.timer = setInterval(() => {
      const t = from + Math.floor((performance.now() - began) / pace)
      if (t >= this.data.steps) {
        this.arriving = false
        this.pause()
        this.mark()
      } else if (t !== this.t) this.visit(t)
    }, 16)
    face(this.play, "pause", "Pause")
    this.visit(from)
  }

  pause() {
    const played = this.timer !== undefined
    this.stop()
    if (played) this.lead()
  }

  stop() {
    clearInterval(this.timer)
    this.timer = undefined
    face(this.play, "play", "Play")
  }

  // -- the picture --------------------------------------------------------------------------------------------------

  draw() {
    this.width = this.root.clientWidth
    if (this.width < NARROWEST) return // its place is still being laid out, or taken away
    this.svg.replaceChildren()
    this.lanes = []
    const { data } = this
    if (data.down) this.drawDown()
    else this.drawRight()
    this.svg.setAttribute("width", this.width)
    this.svg.setAttribute("height", this.height)
    this.svg.setAttribute("viewBox", `0 0 ${this.width} ${this.height}`)
    this.veil = draw("rect", { class: "veil", fill: "var(--st-background-color)", opacity: 0.88 }, this.svg)
    this.rule = draw("path", { class: "cursor", stroke: data.cursor, "stroke-width": 2, fill: "none" }, this.svg)
    this.mark()
  }

  drawRight() {
    const { data } = this
    const left = data.compact ? 30 : LABELS
    let top = data.brackets.length * BRACKET || 4
    this.start = left
    this.length = this.width - left - 8
    this.from = top
    const { second } = data
    if (data.signal) {
      const height = data.compact ? 60 : SIGNAL
      const signals = [...data.signal, ...(second?.signal ?? [])]
      this.lines(signals, top, top + height, data.extremes ? "low, high" : "signal", extent(signals))
      top += height + GAP
    } else if (data.symbols) {
      this.letters(data.symbols, top, top + SYMBOLS)
      this.label(left - 8, top + SYMBOLS / 2, data.compact ? "in" : "came in", "end")
      top += SYMBOLS
    }
    const lane = data.compact || second ? 14 : LANE
    const lanes = Math.max(data.k * lane, 40)
    this.heat("q", data.q, data.probability, top, top + lanes)
    for (let j = 0; j < data.k; j++) this.laneLabel(j, left - 8, top + ((j + 0.5) * lanes) / data.k)
    this.title(second ? "q, first" : "q(t)", top, top + lanes)
    top += lanes + GAP
    const strip = data.weights && !data.compact ? BLEND : STRIP
    this.strip(top, top + strip)
    this.label(left - 8, top + strip / 2, data.compact ? "z" : second ? "z, first" : "z(t)", "end")
    top += strip
    if (data.hidden) {
      this.turns(top + 4, top + 4 + STRIP)
      this.label(left - 8, top + 4 + STRIP / 2, "regime", "end")
      top += 4 + STRIP
    }
    if (second) {
      this.strip(top + 4, top + 4 + STRIP, second.z)
      this.label(left - 8, top + 4 + STRIP / 2, "z, second", "end")
      top += 4 + STRIP
    }
    if (this.tellsSureness) {
      top += GAP
      this.sureness(top, top + SURE)
      top += SURE
    }
    if (data.other) {
      top += GAP
      this.difference(top, top + lanes)
      for (let j = 0; j < data.k; j++) this.laneLabel(j, left - 8, top + ((j + 0.5) * lanes) / data.k)
      this.title(second ? "1st − 2nd" : "q − other q", top, top + lanes)
      top += lanes
    }
    if (data.p && !data.compact) {
      top += GAP + (this.tellsSureness && data.shown !== null ? 8 : 0) // else 0 and 100% touch each other
      if (data.values) top = this.valuesAndTruth(top)
      else if (data.shown === null) {
        this.heat("answer", data.p, data.probability, top, top + data.classes.length * 14)
        data.classes.forEach((name, c) => this.label(left - 8, top + (c + 0.5) * 14, name, "end", 11))
        if (data.truth) this.frames(top, 14)
        top += data.classes.length * 14
      } else {
        const lines = [data.p, ...(second ? [second.p] : [])].map(p => p.map(row => row[data.shown]))
        this.lines(lines, top, top + ANSWER, `p(${data.classes[data.shown]})`, [0, 1], "answer")
        this.settled(top, top + ANSWER)
        top += ANSWER
      }
      if (data.right) {
        this.verdicts(top + 4, top + 4 + VERDICT)
        this.label(left - 8, top + 4 + VERDICT / 2, "right?", "end")
        top += 4 + VERDICT
      }
    }
    this.until = top
    data.brackets.forEach((part, row) => this.bracket(row * BRACKET, ...part))
    this.timeAxis(top)
    this.height = top + (data.compact ? 24 : AXIS)
  }

  /** Time runs down: the image with square pixels, and level with each of its rows q, z and the answer so far. */
  drawDown() {
    const { data } = this
    const [from, until] = [28, this.width - 4]
    const columns = data.signal[0].length
    const sure = this.tellsSureness ? SURE + 12 : 0 // with what is left free at its left
    const row = Math.min(ROW, ((sure ? 0.44 : 0.52) * (until - from)) / columns)
    const picture = [from, from + row * columns]
    const rest = until - picture[1] - STRIP - sure - 28 // between them 12, 8 and 8
    const lanes = [picture[1] + 12, picture[1] + 12 + 0.45 * rest]
    const strip = [lanes[1] + 8, lanes[1] + 8 + STRIP]
    const last = [strip[1] + sure + 8, until]
    const top = 22
    this.start = top
    this.length = data.steps * row
    this.from = from
    this.until = until
    this.heat("input", data.signal, ["#0b0e14", "#ffffff"], ...picture)
    this.heat("q", data.q, data.probability, ...lanes)
    this.strip(...strip)
    const end = data.other ? ["q − other q", "q − other"] : ["answer so far", "answer"]
    const names = [[picture, "the digit"], [lanes, "q(t)"], [strip, "z"], [last, end[Number(last[1] - last[0] < 90)]]]
    for (const [[a, b], name] of names) this.label((a + b) / 2, 10, name, "middle")
    const foot = top + this.length + 12
    if (sure) this.surenessDown(strip[1] + 12, strip[1] + sure, foot)
    const lane = (lanes[1] - lanes[0]) / data.k
    for (let j = 0; j < data.k; j++) this.laneLabel(j, lanes[0] + (j + 0.5) * lane, foot, lane)
    if (data.other) {
      this.difference(...last)
      const wide = (last[1] - last[0]) / data.k
      for (let j = 0; j < data.k; j++) this.laneLabel(j, last[0] + (j + 0.5) * wide, foot, wide)
    } else this.answers(last, foot)
    for (let t = 0; t < data.steps; t += 5) this.label(from - 8, this.at(t + 0.5), String(t), "end", 11)
    this.height = foot + 12
  }

  /** The probability of every class after each row, with their names below. */
  answers([from, until], foot) {
    const { data } = this
    this.heat("answer", data.p, data.probability, from, until)
    const column = (until - from) / data.classes.length
    const size = Math.min(11, 1.6 * column)
    data.classes.forEach((name, c) => this.label(from + (c + 0.5) * column, foot, name, "middle", size))
    this.settled(from, until)
  }

  get tellsSureness() {
    return this.data.k > 1 && !this.data.compact
  }

  /** The entropy of q as a line, from 0 to that of a q which prefers none; of both sequences where there are two. */
  sureness(top, bottom) {
    const { data } = this
    const lines = [data.q, ...(data.second ? [data.other] : [])].map(q => q.map(entropy))
    this.lines(lines, top, bottom, "", [0, Math.log(data.k)], "entropy")
    this.label(this.start - 8, (top + bottom) / 2, "entropy", "end")
  }

  /** The same where time runs down, and more is further to the right. */
  surenessDown(from, until, foot) {
    const { data } = this
    const across = q => (from + (entropy(q) / Math.log(data.k)) * (until - from)).toFixed(1)
    const path = data.q.map((q, t) => `${t ? `H${across(q)}` : `M${across(q)} ${this.at(0)}`}V${this.at(t + 1)}`).join("")
    draw("path", { d: `M${from} ${this.at(0)}V${this.at(data.steps)}`, stroke: "currentColor", opacity: 0.3 }, this.svg)
    draw("path", { d: path, class: "entropy", fill: "none", stroke: "currentColor", "stroke-width": 1.4 }, this.svg)
    this.label((from + until) / 2, 10, "entropy", "middle", 11)
    this.label(from, foot, "0", "start", 11)
    this.label(until, foot, Math.log(data.k).toFixed(1), "end", 11)
  }

  /** q less the other sequence's q, a lane an LSTM. */
  difference(c, d) {
    const { data } = this
    const rows = data.q.map((row, t) => row.map((q, j) => (1 + q - data.other[t][j]) / 2))
    this.heat("difference", rows, data.diverging, c, d)
  }

  /** Pixels along time; step t covers t to t + 1. */
  at(t) {
    return this.start + (t / this.data.steps) * this.length
  }

  under(event) {
    const box = this.svg.getBoundingClientRect()
    const along = this.data.down ? event.clientY - box.top : event.clientX - box.left
    return Math.max(0, Math.min(this.data.steps - 1, Math.floor(((along - this.start) / this.length) * this.data.steps)))
  }

  /** x, y, width, height of the steps from a to b, and the pixels from c to d across time. */
  box(a, b, c, d) {
    const [from, to] = [this.at(a), this.at(b)]
    return this.data.down
      ? { x: c, y: from, width: d - c, height: to - from }
      : { x: from, y: c, width: to - from, height: d - c }
  }

  /** An image of T x n numbers in 0..1: quick for any number of them, and no seams between the cells. */
  heat(name, rows, stops, c, d) {
    const { down, steps } = this.data
    const n = rows[0].length
    const canvas = document.createElement("canvas")
    ;[canvas.width, canvas.height] = down ? [n, steps] : [steps, n]
    const context = canvas.getContext("2d")
    const image = context.createImageData(canvas.width, canvas.height)
    const colours = table(stops)
    rows.forEach((row, t) =>
      row.forEach((value, j) => {
        const pixel = 4 * (down ? t * n + j : j * steps + t)
        const colour = colours[Math.round(255 * Math.max(0, Math.min(1, value)))]
        image.data.set(colour, pixel)
      })
    )
    context.putImageData(image, 0, 0)
    const href = canvas.toDataURL()
    draw("image", { ...this.box(0, steps, c, d), class: name, href, preserveAspectRatio: "none", style: "image-rendering: pixelated" }, this.svg)
  }

  /** The LSTMs listened to, one block a stay, with its number where there is room. */
  strip(c, d, z = this.data.z) {
    const { data } = this
    if (data.weights && z === data.z) return this.blend(c, d)
    for (let t = 0, from = 0; t < data.steps; t++) {
      if (t + 1 < data.steps && z[t + 1] === z[t]) continue
      const lstm = z[t]
      const box = this.box(from, t + 1, c, d)
      draw("rect", { ...box, fill: data.colours[lstm], class: "stay", "data-lstm": lstm + 1 }, this.svg)
      if ((data.down ? box.height : box.width) >= 11) {
        const middle = [box.x + box.width / 2, box.y + box.height / 2]
        this.label(...middle, String(lstm + 1), "middle", data.down && t === from ? 10 : 12, data.letters[lstm], true)
      }
      from = t + 1
    }
    for (const t of z === data.z ? data.forced : []) {
      const box = this.box(t, t + 1, c, d)
      draw("rect", { ...box, class: "forced", fill: "none", stroke: "currentColor", "stroke-width": 2.5 }, this.svg)
    }
  }

  /** The weights of the LSTMs, stacked, where several are listened to at once. */
  blend(c, d) {
    const { data } = this
    for (let j = 0, below = data.weights.map(() => 0); j < data.k; j++) {
      const above = below.map((sum, t) => sum + data.weights[t][j])
      const path = above
        .map((sum, t) => {
          const [from, to] = [c + below[t] * (d - c), c + sum * (d - c)]
          const { x, y, width, height } = this.box(t, t + 1, from, to)
          return data.weights[t][j] > 0.001 ? `M${x.toFixed(1)} ${y.toFixed(1)}h${width.toFixed(2)}v${height.toFixed(2)}h${(-width).toFixed(2)}z` : ""
        })
        .join("")
      draw("path", { d: path, fill: data.colours[j], class: "blend", "data-lstm": j + 1 }, this.svg)
      below = above
    }
  }

  /** What took turns unseen: a letter each, and a shade, for colours mean LSTMs. */
  turns(top, bottom) {
    const { hidden } = this.data
    const most = Math.max(...hidden)
    for (let one = 0; one <= most; one++) {
      for (const [from, to] of runs(hidden.map(other => other === one))) {
        const box = this.box(from, to, top, bottom)
        draw("rect", { ...box, fill: "currentColor", opacity: 0.08 + (0.32 * one) / Math.max(most, 1), class: "regime" }, this.svg)
        if (box.width >= 11) this.label(box.x + box.width / 2, (top + bottom) / 2, letter(one), "middle", 12, "currentColor", true)
      }
    }
  }

  /** What came in at each step, where there is room for it. */
  letters(symbols, top, bottom) {
    if (this.length / this.data.steps < 6) return
    symbols.forEach((symbol, t) => this.label(this.at(t + 0.5), (top + bottom) / 2, symbol, "middle", 12))
  }

  /** A frame around what is right, lane by lane; on dark cells and on bright ones. */
  frames(top, lane) {
    const { data } = this
    data.classes.forEach((_, c) => {
      for (const [from, to] of runs(data.truth.map(row => row[c] > 0.5))) {
        const { x, y, width, height } = this.box(from, to, top + c * lane + 1, top + (c + 1) * lane - 1)
        const inner = { x: x + 1, y, width: Math.max(width - 2, 1), height, fill: "none", rx: 2 }
        draw("rect", { ...inner, stroke: "#111111", "stroke-width": 3 }, this.svg)
        draw("rect", { ...inner, stroke: "#ffffff", "stroke-width": 1.5, class: "truth" }, this.svg)
      }
    })
  }

  /** Each step's verdict: a low line where the answer is right, a cross (or a block, where it is narrow) where it is wrong. */
  verdicts(top, bottom) {
    const { data } = this
    const wide = this.length / data.steps >= 9
    for (const [from, to] of runs(data.right)) draw("rect", { ...this.box(from, to, bottom - 4, bottom - 2), fill: "currentColor", opacity: 0.5, class: "right" }, this.svg)
    for (const [from, to] of runs(data.right.map(right => !right))) {
      draw("rect", { ...this.box(from, to, top, bottom), fill: "currentColor", opacity: wide ? 0.15 : 1, class: "wrong" }, this.svg)
      for (let t = from; wide && t < to; t++) this.label(this.at(t + 0.5), (top + bottom) / 2, "×", "middle", 16, "currentColor", true)
    }
  }

  /** Values that are answered (solid) and the right ones (dashed), a panel each; where they end. */
  valuesAndTruth(top) {
    const { data } = this
    data.classes.forEach((name, c) => {
      const series = [data.p, ...(data.truth ? [data.truth] : [])].map(rows => rows.map(row => row[c]))
      this.lines(series, top, top + SIGNAL, name, extent(series))
      top += SIGNAL + GAP
    })
    return top - GAP
  }

  /** kind: "signal", a line from step to step; "answer" or "entropy", which hold from each step to the next. */
  lines(series, top, bottom, name, [low, high], kind = "signal") {
    const { data } = this
    const stepped = kind !== "signal"
    const y = value => bottom - ((value - low) / (high - low || 1)) * (bottom - top)
    for (const tick of kind === "entropy" ? [low, high] : ticks(low, high, 3)) {
      const written = kind === "answer" ? `${Math.round(tick * 100)}%` : short(tick)
      draw("path", { d: `M${this.start - 4} ${y(tick)}h4`, stroke: "currentColor", opacity: 0.5 }, this.svg)
      if (!data.compact) this.label(this.start - 8, y(tick), written, "end", 11)
    }
    this.title(name, top, bottom)
    series.forEach((values, index) => {
      const path = values
        .map((value, t) => {
          const [x0, x1] = [this.at(t), this.at(t + 1)]
          if (stepped) return `${t ? "L" : "M"}${x0.toFixed(1)} ${y(value).toFixed(1)}H${x1.toFixed(1)}`
          return `${t ? "L" : "M"}${((x0 + x1) / 2).toFixed(1)} ${y(value).toFixed(1)}`
        })
        .join("")
      const dash = index ? `${6 - Math.min(index, 4)} ${1 + index}` : "none"
      const look = { fill: "none", stroke: "currentColor", "stroke-width": kind === "answer" ? 2 : 1.4, "stroke-dasharray": dash }
      draw("path", { d: path, class: kind, ...look }, this.svg)
      if (!stepped && values.length <= 120 && series.length === 1 && !data.compact)
        values.forEach((value, t) => draw("circle", { cx: this.at(t + 0.5), cy: y(value), r: 2, fill: "currentColor" }, this.svg))
    })
  }

  /** Where the answer becomes the last one. */
  settled(c, d) {
    const { data } = this
    if (!data.decided || data.compact) return
    const place = this.at(data.decided)
    const path = data.down ? `M${c} ${place}H${d}` : `M${place} ${c}V${d}`
    draw("path", { d: path, stroke: data.down ? "#ffffff" : "currentColor", "stroke-dasharray": "3 3", opacity: 0.8 }, this.svg)
    if (data.down) return
    const right = place > this.start + 0.8 * this.length
    const words = this.label(place + (right ? -5 : 5), d - 8, `settled at t = ${data.decided}`, right ? "end" : "start", 11)
    words.classList.add("above") // lines may run below it
  }

  /** A part of the sequence, marked above it in a row of its own; its ends go down through all panels. */
  bracket(y, from, to, name) {
    const [x0, x1, foot] = [this.at(from), this.at(to), y + BRACKET]
    draw("path", { d: `M${x0} ${foot}V${foot - 7}H${x1}V${foot}`, class: "bracket", fill: "none", stroke: "currentColor", "stroke-width": 1.5 }, this.svg)
    const ends = `M${x0} ${foot}V${this.until}M${x1} ${foot}V${this.until}`
    draw("path", { d: ends, stroke: "currentColor", "stroke-dasharray": "2 4", opacity: 0.6 }, this.svg)
    const middle = Math.max(this.start + 40, Math.min(this.start + this.length - 40, (x0 + x1) / 2))
    this.label(middle, y + 8, name, "middle")
  }

  timeAxis(y) {
    const { data } = this
    for (const t of ticks(0, data.steps - 1, Math.max(4, Math.floor(this.length / 70)))) {
      if (t !== Math.round(t)) continue
      draw("path", { d: `M${this.at(t + 0.5)} ${y}v4`, stroke: "currentColor", opacity: 0.5 }, this.svg)
      this.label(this.at(t + 0.5), y + 13, String(t), "middle", 11)
    }
    if (!data.compact) this.label(this.start + this.length / 2, y + 28, `${data.step} t`, "middle")
  }

  label(x, y, text, anchor, size = 12, fill = "currentColor", bold = false) {
    const look = { x, y, "text-anchor": anchor, "font-size": size, fill, "dominant-baseline": "central" }
    const letters = draw("text", bold ? { ...look, "font-weight": 700, class: "number" } : look, this.svg)
    letters.textContent = text
    return letters
  }

  /** What a panel shows, written upwards at its left. */
  title(text, top, bottom) {
    if (this.data.compact) return
    const middle = (top + bottom) / 2
    this.label(10, middle, text, "middle").setAttribute("transform", `rotate(-90 10 ${middle})`)
  }

  /**
   * An LSTM's number beside a patch of its colour; it lights up while that LSTM is listened to.
   * below: where lanes stand side by side, how wide each is; not every number may have room then.
   */
  laneLabel(j, x, y, below = 0) {
    const { data } = this
    const group = draw("g", { class: "lane" }, this.svg)
    const brief = data.compact || below
    const room = !below || j % Math.ceil(9 / below) === 0
    const text = !room ? "" : brief ? String(j + 1) : `LSTM ${j + 1}`
    const patch = Math.min(10, 0.9 * below)
    if (below) draw("rect", { x: x - patch / 2, y: y + 7, width: patch, height: 5, rx: 1, fill: data.colours[j] }, group)
    else draw("rect", { x: x - 1, y: y - 5, width: 5, height: 10, rx: 1, fill: data.colours[j] }, group)
    const letters = draw("text", { "font-size": brief ? 11 : 12, fill: "currentColor", "dominant-baseline": "central" }, group)
    letters.textContent = text
    letters.setAttribute("x", below ? x : x - 5)
    letters.setAttribute("y", y)
    letters.setAttribute("text-anchor", below ? "middle" : "end")
    this.lanes.push(group)
  }

  // -- the step at the cursor ---------------------------------------------------------------------------------------

  mark() {
    const { data, t } = this
    if (!this.rule) return
    const middle = this.at(t + 0.5)
    const { x, y, width, height } = data.down
      ? { x: this.from, y: this.at(t + 1), width: this.until - this.from, height: this.at(data.steps) - this.at(t + 1) }
      : { x: this.at(t + 1), y: this.from - 2, width: this.at(data.steps) - this.at(t + 1), height: this.until - this.from + 2 }
    set(this.veil, { x, y, width, height, visibility: this.arriving ? "visible" : "hidden" })
    this.rule.setAttribute("d", data.down ? `M${this.from} ${middle}H${this.until}` : `M${middle} ${this.from - 2}V${this.until}`)
    this.rule.setAttribute("stroke-dasharray", this.stays ? "6 2" : "none")
    this.lanes.forEach((lane, j) => lane.classList.toggle("listened", data.k > 1 && j % data.k === data.z[t]))
    const words = this.words(t)
    this.readout.textContent = words + (this.pinned ? "  ·  pinned" : "")
    this.slider.value = t
    this.slider.setAttribute("aria-valuetext", words)
    this.numbers.show(data, t, this.stays)
  }

  /** What is seen, in two sentences: who is listened to, and what is answered. */
  story() {
    const { data } = this
    const heard = data.colours.map((_, j) => data.z.filter(lstm => lstm === j).length)
    const most = heard.indexOf(Math.max(...heard))
    const moves = data.z.filter((lstm, t) => t && lstm !== data.z[t - 1]).length
    const share = Math.round((100 * heard[most]) / data.steps)
    const told = []
    if (data.k > 1) told.push(`LSTM ${most + 1} is listened to most, at ${share}% of the ${data.steps} ${data.step}s, with ${moves} hand-over${moves === 1 ? "" : "s"}.`)
    if (data.p && !data.values && !data.several && !data.truth) {
      const last = data.p[data.steps - 1]
      const best = last.indexOf(Math.max(...last))
      const since = data.decided ? ` from ${data.step} ${data.decided} on` : " throughout"
      told.push(`The answer is ${data.classes[best]}${since}, ${Math.round(100 * last[best])}% at the end.`)
    }
    return told.join(" ")
  }

  words(t) {
    const { data } = this
    if (data.second) return this.wordsOfBoth(t)
    const parts = [`${data.down ? "row " : ""}t = ${t}`]
    if (data.symbols) parts.push(`came in ${data.symbols[t]}`)
    if (data.signal && !data.down && !data.compact) parts.push(`${data.extremes ? "lowest, highest" : "signal"} ${data.signal.map(line => line[t].toFixed(2)).join(", ")}`)
    parts.push(`LSTM ${data.z[t] + 1}, q = ${data.q[t][data.z[t]].toFixed(2)}`)
    if (data.other) parts.push(`${signed(data.q[t][data.z[t]] - data.other[t][data.z[t]])} against the other`)
    if (data.k > 1 && !data.compact) parts.push(`entropy ${entropy(data.q[t]).toFixed(2)}`)
    if (data.hidden) parts.push(`regime ${letter(data.hidden[t])}`)
    if (data.truth) parts.push(this.judgedWords(t))
    else if (data.values) parts.push(`says ${data.p[t].map(figure).join(", ")}`)
    else if (data.p && !data.compact) {
      const best = data.shown ?? data.p[t].indexOf(Math.max(...data.p[t]))
      parts.push(`p(${data.classes[best]}) = ${Math.round(data.p[t][best] * 100)}%`)
    }
    return parts.join("  ·  ")
  }

  /** What was said at a step, and what is right. */
  judgedWords(t) {
    const { data } = this
    const [said, truth] = [data.p[t], data.truth[t]]
    if (data.values) return `says ${said.map(figure).join(", ")}, right is ${truth.map(figure).join(", ")}`
    const best = said.indexOf(Math.max(...said))
    const names = hold => data.classes.filter((_, c) => hold(c)).join(", ") || "none"
    const says = data.several ? names(c => said[c] > 0.5) : `${data.classes[best]} (${Math.round(100 * said[best])}%)`
    return `says ${says}: ${data.right[t] ? "right" : `wrong, it is ${names(c => truth[c] > 0.5)}`}`
  }

  wordsOfBoth(t) {
    const { data, data: { second, shown } } = this
    const signals = [...data.signal, ...second.signal].map(line => line[t].toFixed(2))
    const answers = [data.p, second.p].map(p => `${Math.round(p[t][shown] * 100)}%`)
    const heard = `LSTM ${data.z[t] + 1} and ${second.z[t] + 1}`
    const sure = `entropy ${[data.q, data.other].map(q => entropy(q[t]).toFixed(2)).join(" and ")}`
    return [`t = ${t}`, `signals ${signals.join(" and ")}`, heard, sure, `p(${data.classes[shown]}) = ${answers.join(" and ")}`].join("  ·  ")
  }

  // -- to take along ------------------------------------------------------------------------------------------------

  /** The picture alone, with the colours and letters that it has now. */
  copy() {
    const look = getComputedStyle(this.svg)
    const copy = this.svg.cloneNode(true)
    copy.querySelectorAll(".veil, .cursor").forEach(part => part.remove())
    copy.setAttribute("xmlns", SVG)
    copy.setAttribute("style", `color: ${look.color}; font-family: ${look.fontFamily.replaceAll('"', "'")}; background: ${look.getPropertyValue("--st-background-color")}`)
    return new XMLSerializer().serializeToString(copy)
  }

  saveSvg() {
    download(new Blob([this.copy()], { type: "image/svg+xml" }), `${this.data.name}.svg`)
  }

  savePng() {
    const image = new Image()
    image.onload = () => {
      const canvas = document.createElement("canvas")
      ;[canvas.width, canvas.height] = [2 * this.width, 2 * this.height]
      const context = canvas.getContext("2d")
      context.fillStyle = getComputedStyle(this.svg).getPropertyValue("--st-background-color")
      context.fillRect(0, 0, canvas.width, canvas.height)
      context.drawImage(image, 0, 0, canvas.width, canvas.height)
      canvas.toBlob(blob => download(blob, `${this.data.name}.png`))
    }
    image.src = `data:image/svg+xml,${encodeURIComponent(this.copy())}`
  }

  saveCsv() {
    const { data } = this
    const inputs = data.signal ? (data.down ? data.signal[0].map((_, d) => d) : data.signal.map((_, d) => d)) : []
    const quoted = name => (/[",\n]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name)
    const lstms = data.colours.map((_, j) => j + 1)
    const head = ["t", ...(data.symbols ? ["came in"] : []), ...inputs.map(d => (data.extremes ? ["x_lowest", "x_highest"][d] : `x_${d + 1}`))]
    if (data.logits) head.push(...lstms.map(j => `logit_${j}`))
    head.push(...lstms.map(j => `q_${j}`), "entropy", ...(data.weights ? lstms.map(j => `z_${j}`) : []), "z")
    if (data.gates) head.push("gate_i", "gate_g", "gate_f", "gate_o")
    if (data.other) head.push(...lstms.map(j => `difference_${j}`))
    if (data.p) head.push(...data.classes.map(name => quoted(data.values ? name : `p(${name})`)))
    if (data.truth) head.push(...data.classes.map(name => quoted(`true ${name}`)))
    if (data.right) head.push("right")
    if (data.hidden) head.push("regime")
    const { second } = data
    if (second) head.push(...second.signal.map((_, d) => `second_x_${d + 1}`), "second_z", ...data.classes.map(name => quoted(`second_p(${name})`)))
    const rows = data.q.map((q, t) => {
      const x = inputs.map(d => (data.down ? data.signal[t][d] : data.signal[d][t]))
      const difference = data.other ? q.map((value, j) => (value - data.other[t][j]).toFixed(4)) : []
      const along = second ? [...second.signal.map(line => line[t]), second.z[t] + 1, ...second.p[t]] : []
      const chosen = [...q, entropy(q).toFixed(4), ...(data.weights?.[t] ?? []), data.z[t] + 1]
      const judged = [...(data.truth?.[t] ?? []), ...(data.right ? [Number(data.right[t])] : []), ...(data.hidden ? [letter(data.hidden[t])] : [])]
      const symbol = data.symbols ? [quoted(data.symbols[t])] : []
      return [t, ...symbol, ...x, ...(data.logits?.[t] ?? []), ...chosen, ...(data.gates?.[t] ?? []), ...difference, ...(data.p?.[t] ?? []), ...judged, ...along]
    })
    download(new Blob([[head, ...rows].map(row => row.join(",")).join("\n") + "\n"], { type: "text/csv" }), `${this.data.name}.csv`)
  }
}

// -- small things ---------------------------------------------------------------------------------------------------

function set(node, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    const none = (name === "width" || name === "height") && value < 0 // it has no room while the page is laid out
    node.setAttribute(name, none ? 0 : value)
  }
  return node
}

function element(tag, attributes, parent) {
  return parent.appendChild(set(document.createElement(tag), attributes))
}

function draw(tag, attributes, parent) {
  return parent.appendChild(set(document.createElementNS(SVG, tag), attributes))
}

function button(parent, icon, name, act) {
  const made = element("button", { type: "button" }, parent)
  made.onclick = act
  return face(made, icon, name)
}

function face(made, icon, name) {
  set(made, { title: name, "aria-label": name })
  const picture = draw("svg", { viewBox: "0 0 24 24", width: 16, height: 16, "aria-hidden": true }, made)
  draw("path", { d: ICONS[icon], fill: "currentColor" }, picture)
  made.replaceChildren(picture)
  return made
}

function saving(parent, ways) {
  const fold = element("details", {}, parent)
  element("summary", { title: "Save this picture or its numbers" }, fold).textContent = "Save"
  const choices = element("div", {}, fold)
  for (const [name, act] of Object.entries(ways)) {
    const made = element("button", { type: "button" }, choices)
    made.textContent = name
    made.onclick = () => {
      act()
      fold.open = false
    }
  }
  return fold
}

function download(blob, name) {
  const link = document.createElement("a")
  link.href = URL.createObjectURL(blob)
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
}

/** 256 colours [r, g, b, 255] through the stops. */
function table(stops) {
  const rgb = stops.map(stop => [1, 3, 5].map(i => parseInt(stop.slice(i, i + 2), 16)))
  return Array.from({ length: 256 }, (_, i) => {
    const place = (i / 255) * (stops.length - 1)
    const before = Math.min(Math.floor(place), stops.length - 2)
    return [...rgb[before].map((value, c) => value + (place - before) * (rgb[before + 1][c] - value)), 255]
  })
}

function letter(number) {
  return String.fromCharCode(65 + number)
}

/** First and behind the last of each run of what holds. */
function runs(holds) {
  const found = []
  for (let t = 0; t < holds.length; t++) {
    if (!holds[t]) continue
    if (t && holds[t - 1]) found.at(-1)[1] = t + 1
    else found.push([t, t + 1])
  }
  return found
}

function extent(series) {
  let [low, high] = [Infinity, -Infinity]
  for (const values of series) for (const value of values) [low, high] = [Math.min(low, value), Math.max(high, value)]
  const room = (high - low) * 0.06 || 1
  return [low - room, high + room]
}

/** About `count` round numbers from low to high. */
function ticks(low, high, count) {
  const rough = (high - low) / count || 1
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = power * [1, 2, 5, 10].find(factor => factor * power >= rough * 0.999)
  const found = []
  for (let n = Math.ceil(low / step - 1e-9); n * step <= high + 1e-9 * step; n++) found.push(n * step)
  return found
}

/** Of probabilities, in nats. */
function entropy(q) {
  return q.reduce((sum, share) => sum - (share > 0 ? share * Math.log(share) : 0), 0)
}

function signed(value) {
  return `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(2)}`
}

/** A value of any unit: two decimals, or three digits where those would say nothing. */
function figure(value) {
  return value === 0 || (Math.abs(value) >= 0.1 && Math.abs(value) < 1e6) ? value.toFixed(2) : value.toPrecision(3)
}

function short(value) {
  return String(Number(value.toPrecision(3)))
}
