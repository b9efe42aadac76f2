// Both channels of chroma have a histogram each; R, G and B share one.
#define HISTOGRAMS (CHANNELS == 2 ? 2 : 1)
