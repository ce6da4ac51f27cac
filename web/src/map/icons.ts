import { SHAPES } from '../design/shapes';
import type { Category } from '../wire';
import { iconName, type Look } from './features';
import type { Palette } from './palette';

/** Pixels of the screen per CSS pixel that icons are drawn for; a wall's panel may have many. */
export const PIXEL_RATIO = 3;

/** Edge of an icon's square, CSS pixels. Room for the ring of danger around the 24 pixels of the shape. */
const EDGE = 44;

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
  return icons;
}

function draw(category: Category, look: Look, drill: boolean, palette: Palette): ImageData | null {
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = EDGE * PIXEL_RATIO;
  const pen = canvas.getContext('2d', { willReadFrequently: true });
  if (!pen) return null;
  pen.scale(PIXEL_RATIO, PIXEL_RATIO);
  pen.lineJoin = 'round';
  pen.lineCap = 'round';
  if (look === 'danger') ring(pen, drill, palette);
  pen.translate((EDGE - 24) / 2, (EDGE - 24) / 2);
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
  return pen.getImageData(0, 0, canvas.width, canvas.height);
}

/** Danger to life: a red ring with a white edge, dashed in a drill. */
function ring(pen: CanvasRenderingContext2D, drill: boolean, palette: Palette): void {
  const middle = EDGE / 2;
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
