// A wave: one height at each of some points. A stroke sets the heights that it passes over.

const WIDE = 320, TALL = 200 // the field's own pixels
const FROM = 30, UNTIL = WIDE - 8, TOP = 8, FOOT = TALL - 20 // where the curve lies in them
const SPAN = 20 // of x, from the first step to the last

export default told => open(WaveField, told)

class WaveField extends Field {
  constructor(parent, data, tell) {
    const points = data.base.length
    super(parent, data, tell, [WIDE, TALL], [(2 * (UNTIL - FROM)) / (points - 1), (FOOT - TOP) / 50])
    this.root.classList.add("wide")
  }

  /** The heights that are drawn already; nothing means none. */
  beneath(data) {
    return data.base.some(Boolean) ? data.base : null
  }

  beginning() {
    return [FROM, this.down(0)]
  }

  addTools(tools) {
    button(tools, "Start from a sine", () => this.startFromSine())
  }

  look() {
    return {}
  }

  startFromSine() {
    const points = this.data.base.map((_, i, all) => [this.across(i), this.down(Math.sin((SPAN * i) / (all.length - 1)))])
    this.stroke = undefined
    this.strokes.push({ points })
    this.change()
  }

  across(i) {
    return FROM + (i / (this.data.base.length - 1)) * (UNTIL - FROM)
  }

  down(height) {
    return (TOP + FOOT) / 2 - (height / this.data.most) * ((FOOT - TOP) / 2)
  }

  heights() {
    const { most } = this.data
    const last = this.data.base.length - 1
    const heights = this.under ? [...this.under] : this.data.base.map(() => 0)
    for (const { points } of this.strokes) {
      const places = points.map(([x, y]) => [
        Math.max(0, Math.min(last, ((x - FROM) / (UNTIL - FROM)) * last)),
        Math.max(-most, Math.min(most, (((TOP + FOOT) / 2 - y) / ((FOOT - TOP) / 2)) * most)),
      ])
      places.forEach(([to, end], n) => {
        const [from, start] = places[Math.max(n - 1, 0)]
        heights[Math.round(to)] = end
        for (let i = Math.ceil(Math.min(from, to)); i <= Math.max(from, to); i++)
          if (from !== to) heights[i] = start + ((i - from) / (to - from)) * (end - start)
      })
    }
    return heights
  }

  drawn() {
    return { heights: this.heights() }
  }

  /** The curve over its scale: heights at the left, steps below. */
  paint() {
    const { ink, data } = this
    const look = getComputedStyle(this.root)
    ink.clearRect(0, 0, WIDE, TALL)
    Object.assign(ink, { fillStyle: look.color, strokeStyle: look.color, font: `11px ${look.fontFamily}`, textBaseline: "middle", lineWidth: 1 })
    ink.textAlign = "right"
    for (let height = -2; height <= 2; height++) {
      ink.globalAlpha = height ? 0.15 : 0.45
      this.line([FROM, this.down(height)], [UNTIL, this.down(height)])
      ink.globalAlpha = 1
      this.write(String(height).replace("-", "\u2212"), FROM - 6, this.down(height))
    }
    ink.textAlign = "center"
    for (const share of [0, 0.25, 0.5, 0.75, 1]) {
      const t = Math.round(share * (data.steps - 1))
      this.write(String(t), FROM + (t / (data.steps - 1)) * (UNTIL - FROM) - (share === 1 ? 4 : 0), TALL - 9)
    }
    ink.lineWidth = 2
    ink.strokeStyle = look.getPropertyValue("--st-primary-color")
    this.line(...this.heights().map((height, i) => [this.across(i), this.down(height)]))
  }

  /** Letters as broad as they should be, however broad the field is shown. */
  write(text, x, y) {
    const { width, height } = this.canvas.getBoundingClientRect()
    this.ink.save()
    this.ink.translate(x, y)
    if (width) this.ink.scale(((WIDE / width) * height) / TALL, 1)
    this.ink.fillText(text, 0, 0)
    this.ink.restore()
  }

  line(first, ...others) {
    this.ink.beginPath()
    this.ink.moveTo(...first)
    for (const place of others) this.ink.lineTo(...place)
    this.ink.stroke()
  }
}
