// Polar's official client against the sandbox: the line that holds every answer against Polar's schema, so that a
// missing field or a wrong kind of value fails the call.

import * as line from './older.mjs';
import { steps } from './steps.mjs';

steps(line);
