// A field to draw a digit on: with the mouse, a finger, a pen, or the keyboard. While one draws, the ink goes to the
// server again and again, but only once the server has answered to what was sent before.

const SIDE = 280 // the field's own pixels, however large it is shown
const SENT = 112 // pixels a side that the server is sent: four for each of a digit's 28
const DIGIT = 28
const PACE = 100 // milliseconds between two sendings at least
const PATIENCE = 2_000 // milliseconds, after which no answer is waited for any more
const KEY_STEP = SIDE / 40
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }
const fields = new WeakMap()

export default function ({ parentElement, data, setStateValue }) {
  let field = fields.get(parentElement)
  if (!field) fields.set(parentElement, (field = new Field(parentElement, data, setStateValue)))
  field.hear(data.heard)
  return () => {
    field.close()
    fields.delete(parentElement)
  }
}

class Field {
  /** data: what is drawn already, 28 x 28 bytes in base64, or null; tell(name, value): what the server is to know. */
  constructor(parent, data, tell) {
    this.tell = tell
    this.strokes = [] // each {width, points: [[x, y], ...]}
    this.under = data.base ? image(data.base) : null
    this.sent = 0
    this.root = element("div", { class: "drawing", role: "group", "aria-label": data.label }, parent)
    const field = element("div", { class: "field" }, this.root)
    const about = { role: "application", tabindex: 0, "aria-label": `${data.label}. ${data.keys}`, width: SIDE, height: SIDE }
    this.canvas = element("canvas", about, field)
    this.ink = this.canvas.getContext("2d", { willReadFrequently: true })
    this.pen = element("div", { class: "pen", hidden: "" }, field)
    const tools = element("div", { class: "tools" }, this.root)
    this.undoing = button(tools, "Undo", () => this.undo())
    this.clearing = button(tools, "Clear", () => this.clear())
    const brush = element("label", {}, tools)
    brush.append("Brush")
    this.brush = element("input", { type: "range", min: 10, max: 40, value: 22, "aria-label": "Brush width" }, brush)
    this.spoken = element("div", { class: "spoken", "aria-live": "polite" }, this.root)
    this.at = [SIDE / 2, SIDE / 4]
    this.canvas.onpointerdown = event => this.press(event)
    this.canvas.onpointermove = event => this.move(event)
    this.canvas.onpointerup = this.canvas.onpointercancel = () => this.lift()
    this.canvas.onkeydown = event => this.key(event)
    this.canvas.onblur = () => this.lift()
    this.draw()
  }

  close() {
    clearTimeout(this.waiting)
    this.root.remove()
  }

  // -- drawing ------------------------------------------------------------------------------------------------------

  place(event) {
    const box = this.canvas.getBoundingClientRect()
    return [((event.clientX - box.left) / box.width) * SIDE, ((event.clientY - box.top) / box.height) * SIDE]
  }

  press(event) {
    if (event.button !== 0) return
    this.canvas.setPointerCapture(event.pointerId)
    this.pen.hidden = true
    this.begin(this.place(event))
  }

  move(event) {
    if (!this.stroke || !this.pen.hidden) return
    const between = event.getCoalescedEvents?.() ?? []
    this.stroke.points.push(...(between.length ? between : [event]).map(point => this.place(point)))
    this.change()
  }

  begin(place) {
    this.stroke = { width: Number(this.brush.value), points: [place] }
    this.strokes.push(this.stroke)
    this.change()
  }

  lift() {
    if (!this.stroke) return
    this.stroke = undefined
    this.pen.classList.remove("down")
    this.change() // the server keeps what is finished
  }

  undo() {
    this.stroke = undefined
    if (this.strokes.length) this.strokes.pop()
    else this.under = null
    this.change()
  }

  clear() {
    this.stroke = undefined
    this.strokes = []
    this.under = null
    this.change()
  }

  key(event) {
    const ways = { " ": () => this.toggle(), Escape: () => this.lift(), Backspace: () => this.undo(), Delete: () => this.clear() }
    const undo = (event.ctrlKey || event.metaKey) && event.key === "z"
    if (!undo && (event.ctrlKey || event.metaKey || event.altKey)) return
    if (!undo && !(event.key in ways) && !(event.key in ARROWS)) return
    event.preventDefault()
    event.stopPropagation()
    if (undo) this.undo()
    else if (event.key in ways) ways[event.key]()
    else this.walk(ARROWS[event.key])
    this.showPen()
  }

  toggle() {
    if (this.stroke) this.lift()
    else this.begin([...this.at])
    this.spoken.textContent = this.stroke ? "Pen down" : "Pen up"
  }

  walk(way) {
    this.at = this.at.map((value, axis) => Math.max(0, Math.min(SIDE, value + way[axis] * KEY_STEP)))
    if (!this.stroke) return
    this.stroke.points.push([...this.at])
    this.change()
  }

  showPen() {
    this.pen.hidden = false
    this.pen.classList.toggle("down", this.stroke !== undefined)
    this.pen.style.left = `${(100 * this.at[0]) / SIDE}%`
    this.pen.style.top = `${(100 * this.at[1]) / SIDE}%`
  }

  draw() {
    const { ink } = this
    ink.fillStyle = "#000000"
    ink.fillRect(0, 0, SIDE, SIDE)
    if (this.under) ink.drawImage(this.under, 0, 0, SIDE, SIDE)
    Object.assign(ink, { strokeStyle: "#ffffff", lineCap: "round", lineJoin: "round" })
    for (const { width, points } of this.strokes) {
      ink.lineWidth = width
      ink.beginPath()
      ink.moveTo(...points[0])
      for (const point of points) ink.lineTo(...point) // the first one too: a dot is a line of no length
      ink.stroke()
    }
    this.undoing.disabled = this.clearing.disabled = this.empty
  }

  get empty() {
    return !this.strokes.length && !this.under
  }

  // -- telling the server -------------------------------------------------------------------------------------------

  change() {
    this.draw()
    this.changed = true
    this.offer()
  }

  offer() {
    if (!this.changed || this.waiting !== undefined) return
    this.changed = false
    this.sent += 1
    this.sentAt = performance.now()
    this.waiting = setTimeout(() => this.free(), PATIENCE)
    this.tell("ink", { n: this.sent, drawing: this.stroke !== undefined, pixels: this.empty ? null : this.pixels() })
  }

  /** The server has drawn what was sent with this number. */
  hear(n) {
    if (n !== this.sent || this.waiting === undefined) return
    clearTimeout(this.waiting)
    this.waiting = setTimeout(() => this.free(), Math.max(0, this.sentAt + PACE - performance.now()))
  }

  free() {
    this.waiting = undefined
    this.offer()
  }

  /** Ink as bytes in base64, row by row. */
  pixels() {
    const small = document.createElement("canvas")
    small.width = small.height = SENT
    const context = small.getContext("2d", { willReadFrequently: true })
    context.imageSmoothingQuality = "high"
    context.drawImage(this.canvas, 0, 0, SENT, SENT)
    const { data } = context.getImageData(0, 0, SENT, SENT)
    let bytes = ""
    for (let i = 0; i < data.length; i += 4) bytes += String.fromCharCode(data[i])
    return btoa(bytes)
  }
}

// -- small things ---------------------------------------------------------------------------------------------------

function element(tag, attributes, parent) {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value)
  return parent.appendChild(made)
}

function button(parent, name, act) {
  const made = element("button", { type: "button" }, parent)
  made.textContent = name
  made.onclick = act
  return made
}

function image(base64) {
  const canvas = document.createElement("canvas")
  canvas.width = canvas.height = DIGIT
  const context = canvas.getContext("2d")
  const picture = context.createImageData(DIGIT, DIGIT)
  ;[...atob(base64)].forEach((byte, i) => picture.data.set([byte.charCodeAt(0), byte.charCodeAt(0), byte.charCodeAt(0), 255], 4 * i))
  context.putImageData(picture, 0, 0)
  return canvas
}
