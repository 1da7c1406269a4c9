// One action, one step of the browser's way back. Streamlit makes a step of each value that it writes into the address,
// and a button may set several; what follows the first without a person's doing joins its step.
if (!window.mrnnSteps) {
  window.mrnnSteps = true
  const push = history.pushState.bind(history)
  let acted = false
  for (const action of ["pointerdown", "click", "keydown", "input"]) {
    addEventListener(action, () => { acted = true }, { capture: true, passive: true })
  }
  history.pushState = (state, title, url) => {
    const elsewhere = new URL(url ?? "", location.href).pathname !== location.pathname
    if (acted || elsewhere) push(state, title, url)
    else history.replaceState(state, title, url)
    acted = false
  }
}
