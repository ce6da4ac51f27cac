-- GIS programs ask for what lies in the window, of offices as of everything else: their points and areas get
-- the index that reports and incidents have.

CREATE INDEX office_geom ON office USING gist (geom);
CREATE INDEX office_area ON office USING gist (area);
