// The desk's other pages (search, statistics, replies, team, audit log): palette, shortcuts, sound, unsent answers.

import { createDesk } from './desk.js';
import { createFrame } from './shell.js';

const desk = createDesk({ attended: () => false });
createFrame({ desk });
desk.begin();
