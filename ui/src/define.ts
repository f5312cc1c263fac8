// Registers custom elements once: Web UI may load a second copy of the bundle.

type Constructor = CustomElementConstructor;

/** Defines an element unless somebody already has. */
export function define(name: string): (constructor: Constructor) => void {
  return (constructor) => {
    if (!customElements.get(name)) customElements.define(name, constructor);
  };
}
