// The drawing of a comment, laid over the picture it belongs to. Coordinates are
// shares of the picture, strokes are in pixels of the screen.

import { html, nothing, svg, type TemplateResult } from "lit";

interface Shape {
  tool?: unknown;
  color?: unknown;
  size?: unknown;
  x?: unknown;
  y?: unknown;
  w?: unknown;
  h?: unknown;
  radius?: unknown;
}

const most = 500; // shapes of one drawing

/** The shapes of a drawing that we know how to draw, and how many we do not. */
export function shapes(drawing: string | undefined): { known: Shape[]; unknown: number } {
  const all = parsed(drawing);
  const known = all.filter(
    (s) => typeof s.tool === "string" && draw.has(s.tool) && [s.x, s.y, s.w, s.h].every(Number.isFinite),
  );
  return { known, unknown: all.length - known.length };
}

function parsed(drawing: string | undefined): Shape[] {
  try {
    const value: unknown = JSON.parse(drawing ?? "[]");
    return Array.isArray(value)
      ? value.filter((s): s is Shape => typeof s === "object" && s !== null).slice(0, most)
      : [];
  } catch {
    return [];
  }
}

// Outside, a picture has no shares below 0 or above 1; a stroke can lead out a bit.
const bound = (n: unknown): number => Math.max(-2, Math.min(3, n as number));
const colour = (c: unknown): string => (typeof c === "string" && /^#[0-9a-f]{6}$/i.test(c) ? c : "#f22237");
const stroke = (s: unknown): number => (Number.isFinite(s) ? Math.max(1, Math.min(40, s as number)) : 3);

type Draw = (s: Shape, width: number, height: number) => TemplateResult;

const line: Draw = (s, width, height) => {
  const [x, y] = [bound(s.x) * width, bound(s.y) * height];
  return svg`<line x1=${x} y1=${y} x2=${x + bound(s.w) * width} y2=${y + bound(s.h) * height} />`;
};

// A map, since a drawing may call its tool "constructor".
const draw = new Map<string, Draw>([
  ["line", line],
  ["rect", (s, width, height) => svg`<rect x=${bound(s.x) * width} y=${bound(s.y) * height}
    width=${Math.max(0, bound(s.w) * width)} height=${Math.max(0, bound(s.h) * height)}
    rx=${Number.isFinite(s.radius) ? Math.min(150, Math.max(0, s.radius as number)) : 0} />`],
  ["arrow", (s, width, height) => {
    const [x, y, dx, dy] = [bound(s.x) * width, bound(s.y) * height, bound(s.w) * width, bound(s.h) * height];
    const angle = Math.atan2(dy, dx);
    const head = 6 + 3 * stroke(s.size);
    const wing = (turn: number) =>
      `${x + dx - head * Math.cos(angle + turn)},${y + dy - head * Math.sin(angle + turn)}`;
    return svg`${line(s, width, height)}<polyline points=${`${wing(0.5)} ${x + dx},${y + dy} ${wing(-0.5)}`} />`;
  }],
]);

/** The drawing as a layer as large as the picture, width by height in pixels. */
export function layer(
  drawing: string | undefined, width: number, height: number, label: string,
): TemplateResult | typeof nothing {
  const { known } = shapes(drawing);
  if (!known.length || !width || !height) return nothing;
  return html`<svg class="drawing" role="img" aria-label=${label} viewBox=${`0 0 ${width} ${height}`} fill="none"
    stroke-linecap="round" stroke-linejoin="round">
    ${known.map((s) => svg`<g stroke=${colour(s.color)} stroke-width=${stroke(s.size)}>
      ${draw.get(s.tool as string)!(s, width, height)}</g>`)}</svg>`;
}
