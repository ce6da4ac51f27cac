import type { Map as MapLibre } from 'maplibre-gl';
import type { Component } from 'svelte';

/** Fetches what puts on a map, once it is drawn, what else is around, and explains it beneath. */
export type Surroundings = () => Promise<{ default: Component<{ map: MapLibre }> }>;
