import { Map as MapLibre } from 'maplibre-gl';

/** How long a map waits at most, milliseconds. */
const PATIENCE_MS = 400;
/** What a person does to a map. */
const TOUCHES = ['pointerdown', 'touchstart', 'wheel', 'keydown'];

/**
 * A map that waits for all tiles of a change before it draws them. By itself it draws all anew for each tile that
 * comes, which without a graphics card takes the processor from everything else. A person's hand it follows at once.
 */
export class PatientMap extends MapLibre {
  /** The sources that it waits for. */
  #awaited = new Set<string>();
  #impatient: ReturnType<typeof setTimeout> | undefined;

  /** Draws nothing new until these sources have drawn what they were just told, or it took too long. */
  await(sources: readonly string[]): void {
    if (sources.length === 0) return;
    if (this.#impatient === undefined) {
      this.#impatient = setTimeout(() => this.#go(), PATIENCE_MS);
      this.on('sourcedata', this.#look);
      for (const touch of TOUCHES) this.getContainer().addEventListener(touch, this.#go, { passive: true });
    }
    for (const source of sources) this.#awaited.add(source);
  }

  override triggerRepaint(): void {
    // It is called before the fields are there, too.
    if (#awaited in this && this.#awaited.size > 0 && !this.isMoving()) return;
    super.triggerRepaint();
  }

  override remove(): void {
    this.#go();
    super.remove();
  }

  readonly #look = (): void => {
    if ([...this.#awaited].every((source) => this.isSourceLoaded(source))) this.#go();
  };

  readonly #go = (): void => {
    if (this.#impatient === undefined) return;
    clearTimeout(this.#impatient);
    this.#impatient = undefined;
    this.off('sourcedata', this.#look);
    for (const touch of TOUCHES) this.getContainer().removeEventListener(touch, this.#go);
    this.#awaited.clear();
    this.triggerRepaint();
  };
}
