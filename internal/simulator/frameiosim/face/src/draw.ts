// Drawing on a picture, in the shapes that Frame.io keeps: rectangles, arrows,
// lines. Places and sizes are shares of the picture.

import { html, svg, type TemplateResult } from "lit";

export interface Shape { tool: string; color: string; size: number; x: number; y: number; w: number; h: number }

export const tools = ["rect", "arrow", "line"] as const;
export const colours = ["#F22237", "#F2C422", "#22C7F2", "#3BD16F"];

/** The shapes of a drawing; others than ours are left out. */
export function parse(drawing: string | undefined): Shape[] {
  try {
    const all = JSON.parse(drawing ?? "[]") as Shape[];
    return all.filter((s) => (tools as readonly string[]).includes(s.tool));
  } catch {
    return [];
  }
}

/** A shape between two points; a rectangle is named by its upper left corner. */
export function between(
  tool: string, color: string, from: { x: number; y: number }, to: { x: number; y: number },
): Shape {
  const [w, h] = [to.x - from.x, to.y - from.y];
  if (tool !== "rect") return { tool, color, size: 4, ...from, w, h };
  return { tool, color, size: 4, x: Math.min(from.x, to.x), y: Math.min(from.y, to.y), w: Math.abs(w), h: Math.abs(h) };
}

export function layer(shapes: Shape[], width: number, height: number): TemplateResult {
  return html`<svg aria-hidden="true" width=${width} height=${height} viewBox=${`0 0 ${width} ${height}`} fill="none"
    stroke-linecap="round">
    ${shapes.map((s) => svg`<g stroke=${s.color} stroke-width=${s.size}>${shape(s, width, height)}</g>`)}</svg>`;
}

function shape(s: Shape, width: number, height: number): TemplateResult {
  const [x, y, w, h] = [s.x * width, s.y * height, s.w * width, s.h * height];
  if (s.tool === "rect") return svg`<rect x=${x} y=${y} width=${w} height=${h}/>`;
  const line = svg`<line x1=${x} y1=${y} x2=${x + w} y2=${y + h}/>`;
  if (s.tool === "line") return line;
  const angle = Math.atan2(h, w);
  const wing = (turn: number) => `${x + w - 16 * Math.cos(angle + turn)},${y + h - 16 * Math.sin(angle + turn)}`;
  return svg`${line}<polyline points=${`${wing(0.5)} ${x + w},${y + h} ${wing(-0.5)}`}/>`;
}
