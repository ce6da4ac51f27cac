import '../design/base.css';
import './console.css';
import { mount } from 'svelte';
import { startLanguage, t } from '../i18n/index.svelte';
import Console from './Console.svelte';

await startLanguage();
document.title = t('console.title');
const app = document.getElementById('app');
if (app) mount(Console, { target: app });
