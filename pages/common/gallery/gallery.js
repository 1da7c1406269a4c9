// Small pictures to choose from. One tab stop; the arrow keys go from one to the next, Enter or a click opens it.

const SIDE = 44 // pixels of a small picture, as in gallery.css
const galleries = new WeakMap()

export default function ({ parentElement, data, setTriggerValue }) {
  let gallery = galleries.get(parentElement)
  if (!gallery) galleries.set(parentElement, (gallery = new Gallery(parentElement, setTriggerValue)))
  gallery.show(data)
  return () => {
    gallery.root.remove()
    galleries.delete(parentElement)
  }
}

class Gallery {
  constructor(parent, ask) {
    this.ask = ask
    this.root = parent.appendChild(document.createElement("div"))
    this.root.className = "gallery"
    this.grid = this.root.appendChild(document.createElement("div"))
    this.grid.className = "grid"
    this.grid.setAttribute("role", "group")
    this.grid.onkeydown = event => this.key(event)
    this.grid.onfocusin = event => this.reach(event.target)
  }

  show(data) {
    this.grid.setAttribute("aria-label", data.label)
    const shown = JSON.stringify(data.items)
    if (shown !== this.shown) {
      this.shown = shown
      this.buttons = data.items.map((item, i) => this.button(item, i, data))
      this.grid.replaceChildren(...this.buttons)
    }
    this.buttons.forEach((made, i) => made.setAttribute("aria-current", data.items[i].number === data.open))
    this.reach(this.buttons.find(made => made.getAttribute("aria-current") === "true") ?? this.buttons[0])
  }

  button(item, i, data) {
    const made = document.createElement("button")
    made.type = "button"
    made.title = item.title
    made.setAttribute("aria-label", item.title)
    const thumb = made.appendChild(document.createElement("span"))
    thumb.className = "thumb"
    thumb.style.backgroundImage = `url(${data.sheet})`
    thumb.style.backgroundSize = `${SIDE}px ${SIDE * data.items.length}px`
    thumb.style.backgroundPosition = `0 ${-SIDE * i}px`
    const label = made.appendChild(document.createElement("span"))
    label.textContent = item.label
    label.className = item.wrong ? "wrong" : ""
    made.onclick = () => this.ask("opened", item.number)
    return made
  }

  /** The one that the tab key comes to. */
  reach(button) {
    if (!this.buttons.includes(button)) return
    for (const made of this.buttons) made.tabIndex = made === button ? 0 : -1
  }

  key(event) {
    const here = this.buttons.indexOf(event.target)
    const top = this.buttons[0].offsetTop
    const columns = this.buttons.filter(made => made.offsetTop === top).length
    const last = this.buttons.length - 1
    const ways = { ArrowLeft: here - 1, ArrowRight: here + 1, ArrowUp: here - columns, ArrowDown: here + columns, Home: 0, End: last }
    if (here < 0 || !(event.key in ways)) return
    event.preventDefault()
    this.buttons[ways[event.key]]?.focus()
  }
}
