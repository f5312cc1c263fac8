// Messages at the foot of the page, for the event notify: {message, duration,
// dismissible, abort, close}. One at a time; duration 0 stays until it is closed.
const usual = 4000;

class Toasts extends HTMLElement {
  connectedCallback() {
    const root = this.attachShadow({ mode: "open" });
    root.innerHTML = `<style>
      :host {
        position: fixed; inset: auto 0 24px; display: flex; justify-content: center; pointer-events: none;
        z-index: 1000;
      }
      div {
        display: flex; align-items: center; gap: 12px; max-width: min(560px, 90vw); padding: 13px 20px;
        border-radius: 4px; pointer-events: auto; background: #2b303b; color: #fff; box-shadow: 0 4px 16px #0006;
      }
      div[hidden] { display: none; }
      button {
        font: inherit; font-weight: 600; border: 0; background: none; color: #9cc3ff; cursor: pointer; padding: 4px 8px;
      }
    </style><div role="status" aria-live="polite" hidden><span></span><button type="button" hidden></button></div>`;
    [this.box, this.text, this.button] = ["div", "span", "button"].map((name) => root.querySelector(name));
    this.button.onclick = () => this.close();
    document.addEventListener("notify", (e) => this.show(e.detail ?? {}));
  }
  show({ message, duration = usual, dismissible, abort, close }) {
    if (close) return this.close();
    clearTimeout(this.timer);
    this.box.hidden = false;
    this.text.textContent = message;
    this.button.hidden = !(dismissible || abort || duration === 0);
    this.button.textContent = window.nuxeo.I18n.translate(abort ? "toast.abort" : "toast.close");
    if (duration > 0) this.timer = setTimeout(() => this.close(), duration);
  }
  close() {
    this.box.hidden = true;
  }
}
customElements.define("sim-toasts", Toasts);
