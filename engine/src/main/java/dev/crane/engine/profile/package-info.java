/** Where the time of a pass goes: every op timed, its bytes and floating-point operations counted, beside what the device can do at most. */
package dev.crane.engine.profile;
