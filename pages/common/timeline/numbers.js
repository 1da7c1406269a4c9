
// The step at the cursor in numbers, below a timeline: what came in, of every LSTM its logit, q and z, the gates of the
// one listened to; of two sequences side by side.

class Numbers {
  /** choose(lstm): what to do where a person wants another LSTM at the step, or null for the network's own choice. */
  constructor(parent, choose) {
    this.root = element("div", { class: "numbers", "aria-live": "polite" }, parent)
    this.choose = choose
  }

  /** pinned: whether the step is; else it is told in numbers only where z is a blend. */
  show(data, t, pinned) {
    const held = this.root.getRootNode().activeElement?.dataset.choice
    this.root.replaceChildren()
    if (!(pinned || data.weights)) return
    if (data.choosable && pinned) this.offer(data, t, held)
    const way = pinned ? (data.compact ? "" : " Click again, or press Escape, to let go.") : " Click to pin it."
    say(`${pinned ? "Pinned at" : "At"} ${data.step} ${t}.${way}`, this.root)
    const sides = element("div", { class: "sides" }, this.root)
    const { second } = data
    this.side(data, t, element("div", {}, sides), second ? "first" : "")
    if (second) this.side({ ...data, ...second, q: data.other }, t, element("div", {}, sides), "second")
  }

  /** One sequence's step; which: "first" or "second", or "" of one alone. */
  side(data, t, place, which) {
    if (which) element("strong", {}, say("", place)).textContent = `The ${which} signal`
    if (data.symbols) say(`Came in: ${data.symbols[t]}`, place)
    if (data.signal || data.rows) this.input(data, t, place)
    if (data.k > 1) {
      const means = data.compact ? "" : `. 0 is sure of one LSTM, ${Math.log(data.k).toFixed(2)} prefers none.`
      say(`Entropy of q: ${entropy(data.q[t]).toFixed(2)} nats${means}`, place)
    }
    this.choice(data, t, place)
    if (!data.gates) return
    const [i, g, f, o] = data.gates[t].map(value => minus(value.toFixed(2)))
    const means = data.compact ? "" : " g lies between −1 and 1, the others between 0 and 1."
    say(`Gates of LSTM ${data.z[t] + 1}, each the mean over its units: lets in i = ${i}, proposes g = ${g}, keeps f = ${f}, shows o = ${o}.${means}`, place)
  }

  /** What came in: few numbers as they are, many as a strip of grey and what they come to. */
  input(data, t, place) {
    const rows = data.down ? data.signal : data.rows
    const x = rows ? rows[t] : data.signal.map(line => line[t])
    const line = element("p", { class: "input" }, place)
    if (!rows) return line.append(`Came in: ${data.extremes ? "lowest and highest x" : "x"} = ${x.map(value => minus(value.toFixed(4))).join(", ")}`)
    const strip = element("span", { "aria-hidden": true }, line)
    for (const value of x) element("i", { style: `background: rgb(${Array(3).fill(Math.round(255 * value))})` }, strip)
    const lit = x.filter(value => value > 0).length
    line.append(`Came in: ${x.length} pixels x from 0 to 1, ${lit} of them lit, mean ${(x.reduce((sum, value) => sum + value) / x.length).toFixed(2)}`)
  }

  /** Of every LSTM its logit, q and z. */
  choice(data, t, place) {
    const grid = element("table", {}, place)
    const head = element("tr", {}, element("thead", {}, grid))
    const titles = ["LSTM", ...(data.logits ? ["a, logit"] : []), "q, probability", "z, weight"]
    for (const title of titles) element("th", { scope: "col", title }, head).textContent = data.compact ? title.split(",")[0] : title
    if (data.weights) element("td", {}, head)
    const body = element("tbody", {}, grid)
    for (let j = 0; j < data.k; j++) {
      const row = element("tr", { class: j === data.z[t] ? "listened" : "" }, body)
      const name = element("th", { scope: "row" }, row)
      element("i", { style: `background: ${data.colours[j]}` }, name)
      name.append(String(j + 1))
      if (data.logits) element("td", {}, row).textContent = minus(data.logits[t][j].toFixed(2))
      element("td", {}, row).textContent = data.q[t][j].toFixed(4)
      const weight = data.weights ? data.weights[t][j] : Number(j === data.z[t])
      element("td", {}, row).textContent = weight.toFixed(2)
      if (data.weights) element("b", { style: `width: ${Math.round(100 * weight)}%; background: ${data.colours[j]}` }, element("td", { class: "bar" }, row))
    }
  }

  /** What may be listened to instead; held: the choice that has the focus. */
  offer(data, t, held) {
    const forced = data.forced.includes(t)
    const row = element("p", { class: "choices", role: "group", "aria-label": `LSTM at ${data.step} ${t}` }, this.root)
    row.append(`At ${data.step} ${t} listen to LSTM `)
    for (let j = 0; j <= data.k; j++) {
      const free = j === data.k
      const on = free ? !forced : forced && data.z[t] === j
      const name = free ? "the network's own choice" : String(j + 1)
      const made = element("button", { type: "button", "aria-pressed": on, "data-choice": j }, row)
      if (!free) made.setAttribute("aria-label", `LSTM ${j + 1}`)
      made.textContent = name
      made.onclick = () => this.choose(free ? null : j)
      if (held === String(j)) made.focus()
    }
  }
}

function say(text, parent) {
  const line = element("p", {}, parent)
  line.textContent = text
  return line
}

/** A number as text, with a minus as wide as its digits. */
function minus(text) {
  return text.replace("-", "−")
}
