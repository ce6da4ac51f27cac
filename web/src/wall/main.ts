import '../design/base.css';
import './wall.css';
import { mount } from 'svelte';
import { startLanguage, t } from '../i18n/index.svelte';
import Wall from './Wall.svelte';

await startLanguage();
document.title = t('wall.title');
const app = document.getElementById('app');
if (app) mount(Wall, { target: app });
