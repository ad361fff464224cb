// Polar's official client against the sandbox: the newest line.

import * as line from './newer.mjs';
import { steps } from './steps.mjs';

steps(line);
