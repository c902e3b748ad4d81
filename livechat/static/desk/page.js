// The script of the desk's other pages (search, statistics, replies, team, audit log).

import { createDesk } from './desk.js';
import { createShell } from './shell.js';

const desk = createDesk({ attended: () => false });
createShell({ desk });
desk.begin();
