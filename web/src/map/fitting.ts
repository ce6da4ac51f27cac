/** What is cut off a last line before anything of a letter is, pixels: heights are rounded, too. */
const ROUNDING = 3;

/** How a legend becomes smaller, step by step; the styles say what each means. */
const STEPS = 4;

/**
 * Makes what is explained fit where nobody can scroll: `data-tight` says by how many steps it is made smaller, and is
 * missing where all of it is seen. Looks again when its place changes, or what it or its neighbours say.
 */
export function fitting(element: HTMLElement): () => void {
  const look = () => {
    delete element.dataset.tight;
    for (let step = 1; step <= STEPS && element.scrollHeight > element.clientHeight + ROUNDING; step += 1) {
      element.dataset.tight = String(step);
    }
  };
  const changes = new MutationObserver(look);
  // What stands beneath it takes room from it, too; and what was out of the way has no height.
  changes.observe(element.parentElement ?? element, {
    subtree: true,
    childList: true,
    characterData: true,
    attributeFilter: ['class', 'hidden'],
  });
  const place = new ResizeObserver(look);
  place.observe(element.closest('section') ?? element);
  look();
  return () => {
    changes.disconnect();
    place.disconnect();
  };
}
