/** By the name that the bundle of it has: beside what starts it, in the sources and beside a function alike. */
import './child.ts';
