import '../design/base.css';
import { mount } from 'svelte';
import { startLanguage } from '../i18n/index.svelte';
import Evacuate from './Evacuate.svelte';

await startLanguage();
const target = document.getElementById('app');
if (target) mount(Evacuate, { target });

// Keeps this page's own files, so that it opens without a network; without it the page works as any other.
if (import.meta.env.PROD && 'serviceWorker' in navigator) {
  navigator.serviceWorker.register('/evacuate-worker.js', { scope: '/evacuate' }).catch(() => undefined);
}
