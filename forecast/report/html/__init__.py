"""Reports as one HTML page: sections, charts as SVG, and nothing that the page would have to fetch."""
