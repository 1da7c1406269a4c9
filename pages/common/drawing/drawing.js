// A field to draw on: with the mouse, a finger, a pen, or the keyboard. While one draws, what is drawn goes to the
// server again and again, but only once the server has answered to what was sent before. What a drawing is, a digit or
// a wave, is said in a file of its own that is put behind this one.

const PACE = 100 // milliseconds between two sendings at least
const PATIENCE = 2_000 // milliseconds, after which no answer is waited for any more
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }
const fields = new WeakMap()

function open(Kind, { parentElement, data, setStateValue }) {
  let field = fields.get(parentElement)
  if (!field) fields.set(parentElement, (field = new Kind(parentElement, data, setStateValue)))
  field.data = data
  field.beginAnew(data)
  field.draw() // again: the theme may have changed, or what the drawing is measured by
  field.hear(data.heard)
  return () => {
    field.close()
    fields.delete(parentElement)
  }
}

class Field {
  /**
   * data: the field's name, its keys, and what is drawn already; tell(name, value): what the server is to know;
   * size: the field's own pixels, however large it is shown; keyStep: how far an arrow key moves the pen, across and down.
   */
  constructor(parent, data, tell, size, keyStep) {
    this.data = data
    this.tell = tell
    this.size = size
    this.keyStep = keyStep
    this.strokes = [] // each {points: [[x, y], ...]}, and what else `stroke` gives it
    this.under = this.beneath(data)
    this.begun = data.begun
    this.sent = 0
    this.root = element("div", { class: "drawing", role: "group", "aria-label": data.label }, parent)
    const field = element("div", { class: "field" }, this.root)
    const about = { role: "application", tabindex: 0, "aria-label": `${data.label}. ${data.keys}`, width: size[0], height: size[1] }
    this.canvas = element("canvas", about, field)
    this.ink = this.canvas.getContext("2d", { willReadFrequently: true })
    this.pen = element("div", { class: "pen", hidden: "" }, field)
    const tools = element("div", { class: "tools" }, this.root)
    this.undoing = button(tools, "Undo", () => this.undo())
    this.clearing = button(tools, "Clear", () => this.clear())
    this.addTools(tools)
    this.spoken = element("div", { class: "spoken", "aria-live": "polite" }, this.root)
    this.at = this.beginning()
    this.canvas.onpointerdown = event => this.press(event)
    this.canvas.onpointermove = event => this.move(event)
    this.canvas.onpointerup = this.canvas.onpointercancel = () => this.lift()
    this.canvas.onkeydown = event => this.key(event)
    this.canvas.onblur = () => this.lift()
  }

  /** The page has put another drawing into the field: what was drawn before is gone. */
  beginAnew(data) {
    if (data.begun === this.begun) return
    this.begun = data.begun
    this.stroke = undefined
    this.strokes = []
    this.under = this.beneath(data)
    this.changed = false
  }

  close() {
    clearTimeout(this.waiting)
    this.root.remove()
  }

  // -- drawing ------------------------------------------------------------------------------------------------------

  place(event) {
    const box = this.canvas.getBoundingClientRect()
    const [width, height] = this.size
    return [((event.clientX - box.left) / box.width) * width, ((event.clientY - box.top) / box.height) * height]
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
    this.stroke = { ...this.look(), points: [place] }
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
    if (!this.strokes.length) return // what was there from the beginning only Clear takes away, and the browser's Back
    this.strokes.pop()
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
    this.at = this.at.map((value, axis) => Math.max(0, Math.min(this.size[axis], value + way[axis] * this.keyStep[axis])))
    if (!this.stroke) return
    this.stroke.points.push([...this.at])
    this.change()
  }

  showPen() {
    this.pen.hidden = false
    this.pen.classList.toggle("down", this.stroke !== undefined)
    this.pen.style.left = `${(100 * this.at[0]) / this.size[0]}%`
    this.pen.style.top = `${(100 * this.at[1]) / this.size[1]}%`
  }

  draw() {
    this.paint()
    this.undoing.disabled = !this.strokes.length
    this.clearing.disabled = this.empty
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
    this.tell("ink", { n: this.sent, begun: this.begun, drawing: this.stroke !== undefined, ...this.drawn() })
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
