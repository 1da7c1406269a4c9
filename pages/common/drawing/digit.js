// A digit: ink of the brush's width on paper.

const SIDE = 280 // the field's own pixels a side
const SENT = 112 // pixels a side that the server is sent: four for each of a digit's 28
const DIGIT = 28

export default told => open(DigitField, told)

class DigitField extends Field {
  constructor(parent, data, tell) {
    super(parent, data, tell, [SIDE, SIDE], [SIDE / 40, SIDE / 40])
  }

  /** What is drawn already, 28 x 28 bytes in base64, or nothing. */
  beneath(data) {
    return data.base ? image(data.base) : null
  }

  beginning() {
    return [SIDE / 2, SIDE / 4]
  }

  addTools(tools) {
    const brush = element("label", {}, tools)
    brush.append("Brush")
    this.brush = element("input", { type: "range", min: 10, max: 40, value: 22, "aria-label": "Brush width" }, brush)
  }

  look() {
    return { width: Number(this.brush.value) }
  }

  paint() {
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
  }

  drawn() {
    return { pixels: this.empty ? null : this.pixels() }
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

function image(base64) {
  const canvas = document.createElement("canvas")
  canvas.width = canvas.height = DIGIT
  const context = canvas.getContext("2d")
  const picture = context.createImageData(DIGIT, DIGIT)
  ;[...atob(base64)].forEach((byte, i) => picture.data.set([byte.charCodeAt(0), byte.charCodeAt(0), byte.charCodeAt(0), 255], 4 * i))
  context.putImageData(picture, 0, 0)
  return canvas
}
