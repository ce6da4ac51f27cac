import { SHAPES } from '../design/shapes';
import type { Category } from '../wire';
import { SHIELD_EXPRESSWAY, SHIELD_NATIONAL } from './base';
import { iconName, type Look } from './features';
import type { Palette } from './palette';

/** Pixels of the screen per CSS pixel that icons are drawn for; a wall's panel may have many. */
export const PIXEL_RATIO = 3;

/** Edge of an icon's square, CSS pixels: the 24 pixels of the shape and its outline. Names keep clear of the square. */
const EDGE = 30;
/** Edge of the ring of danger around it. */
const RING = 44;
/** Length of the pin on which danger stands above its place, so that it hides neither a number nor a neighbour. */
const STEM = 12;
/** Edge of the disc that stands for several incidents. */
const DISC = 40;

/** How far above its place the middle of danger's ring lies, CSS pixels. */
export const DANGER_RISE = STEM + RING / 2;
/** How far the ring reaches, CSS pixels. */
export const DANGER_RADIUS = RING / 2;

/** Names of the discs. */
export const CLUSTER = 'cluster';
export const CLUSTER_DRILL = 'cluster-drill';

const LOOKS: readonly Look[] = ['open', 'closed', 'danger'];

export type Icon = { name: string; image: ImageData };

/** Draws every icon that a feature may ask for. */
export function drawIcons(palette: Palette): Icon[] {
  const icons: Icon[] = [];
  for (const category of Object.keys(SHAPES) as Category[]) {
    for (const look of LOOKS) {
      for (const drill of [false, true]) {
        const image = draw(category, look, drill, palette);
        if (image) icons.push({ name: iconName(category, look, drill), image });
      }
    }
  }
  for (const [name, colour] of [
    [CLUSTER, palette.cluster],
    [CLUSTER_DRILL, palette.drill],
  ] as const) {
    const image = disc(colour, palette.markEdge);
    if (image) icons.push({ name, image });
  }
  return icons;
}

/** Draws the shields that road numbers stand on: the rounded triangle of national roads, the plate of expressways. */
export function drawShields(palette: Palette): Icon[] {
  const national = new Path2D('M4 4 Q14 1 24 4 Q26 5 25 8 Q22 18 16 24 Q14 26 12 24 Q6 18 3 8 Q2 5 4 4 Z');
  const expressway = new Path2D();
  expressway.roundRect(2, 6, 24, 16, 3);
  const shields = [
    [SHIELD_NATIONAL, national, palette.nationalRoad],
    [SHIELD_EXPRESSWAY, expressway, palette.expressway],
  ] as const;
  return shields.flatMap(([name, shape, colour]) => {
    const pen = blank(28, 28);
    if (!pen) return [];
    pen.fillStyle = colour;
    pen.fill(shape);
    pen.strokeStyle = '#ffffff';
    pen.lineWidth = 1.5;
    pen.stroke(shape);
    return [{ name, image: imageOf(pen) }];
  });
}

function blank(width: number, height: number): CanvasRenderingContext2D | null {
  const canvas = document.createElement('canvas');
  canvas.width = width * PIXEL_RATIO;
  canvas.height = height * PIXEL_RATIO;
  const pen = canvas.getContext('2d', { willReadFrequently: true });
  if (!pen) return null;
  pen.scale(PIXEL_RATIO, PIXEL_RATIO);
  pen.lineJoin = 'round';
  pen.lineCap = 'round';
  return pen;
}

const imageOf = (pen: CanvasRenderingContext2D) => pen.getImageData(0, 0, pen.canvas.width, pen.canvas.height);

function disc(colour: string, edge: string): ImageData | null {
  const pen = blank(DISC, DISC);
  if (!pen) return null;
  pen.arc(DISC / 2, DISC / 2, DISC / 2 - 2, 0, 2 * Math.PI);
  pen.fillStyle = colour;
  pen.fill();
  pen.strokeStyle = edge;
  pen.lineWidth = 3;
  pen.stroke();
  return imageOf(pen);
}

function draw(category: Category, look: Look, drill: boolean, palette: Palette): ImageData | null {
  const danger = look === 'danger';
  const edge = danger ? RING : EDGE;
  const pen = blank(edge, danger ? edge + STEM : edge);
  if (!pen) return null;
  if (danger) ring(pen, drill, palette);
  pen.translate((edge - 24) / 2, (edge - 24) / 2);
  const outline = new Path2D(SHAPES[category].outline);
  const sign = new Path2D(SHAPES[category].sign);
  const closed = look === 'closed';

  pen.fillStyle = closed ? palette.land : palette.category(category);
  pen.fill(outline);
  if (drill && !closed) hatch(pen, outline, palette);
  if (drill) {
    pen.strokeStyle = palette.onDrill;
    pen.lineWidth = 4.4;
    pen.stroke(outline);
    pen.setLineDash([3, 3.4]);
  }
  pen.strokeStyle = drill ? palette.drill : closed ? palette.closed : palette.markEdge;
  pen.lineWidth = drill ? 2.8 : closed ? 2 : 1.8;
  pen.stroke(outline);
  pen.setLineDash([]);
  pen.strokeStyle = closed ? palette.closed : palette.onCategory;
  pen.lineWidth = 2.3;
  pen.stroke(sign);
  return imageOf(pen);
}

/** Danger to life: a red ring with a white edge, dashed in a drill, on a pin. */
function ring(pen: CanvasRenderingContext2D, drill: boolean, palette: Palette): void {
  const middle = RING / 2;
  pen.beginPath();
  pen.moveTo(middle - 9, RING - 5);
  pen.lineTo(middle, RING + STEM - 3);
  pen.lineTo(middle + 9, RING - 5);
  pen.strokeStyle = palette.onLife;
  pen.lineWidth = 4;
  pen.stroke();
  pen.fillStyle = palette.life;
  pen.fill();
  pen.beginPath();
  pen.arc(middle, middle, middle - 3.5, 0, 2 * Math.PI);
  pen.fillStyle = palette.land;
  pen.fill();
  pen.beginPath();
  pen.arc(middle, middle, middle - 3.5, 0, 2 * Math.PI);
  pen.strokeStyle = palette.onLife;
  pen.lineWidth = 7;
  pen.stroke();
  pen.strokeStyle = palette.life;
  pen.lineWidth = 4.5;
  if (drill) pen.setLineDash([7, 5]);
  pen.stroke();
  pen.setLineDash([]);
}

function hatch(pen: CanvasRenderingContext2D, outline: Path2D, palette: Palette): void {
  pen.save();
  pen.clip(outline);
  pen.strokeStyle = palette.drill;
  pen.globalAlpha = 0.55;
  pen.lineWidth = 1.6;
  pen.beginPath();
  for (let x = -24; x < 24; x += 5) {
    pen.moveTo(x, 24);
    pen.lineTo(x + 24, 0);
  }
  pen.stroke();
  pen.restore();
}
