import '../design/base.css';
import './field.css';
import { mount } from 'svelte';
import { startLanguage } from '../i18n/index.svelte';
import Field from './Field.svelte';

await startLanguage();
const target = document.getElementById('app');
if (target) mount(Field, { target });
