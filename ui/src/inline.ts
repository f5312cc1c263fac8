// Styles that depend on data. They are set through the style object, `.style`,
// since a policy without unsafe-inline refuses the attribute.

/** Rules by property as a text, to be given to `.style`. */
export const inline = (rules: Record<string, string>): string =>
  Object.entries(rules).map(([property, value]) => `${property}:${value}`).join(";");
