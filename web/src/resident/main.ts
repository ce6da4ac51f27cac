import '../design/base.css';
import { mount } from 'svelte';
import { startLanguage } from '../i18n/index.svelte';
import Resident from './Resident.svelte';

await startLanguage();
const target = document.getElementById('app');
if (target) mount(Resident, { target });
