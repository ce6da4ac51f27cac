// Made from docs/openapi.json by `npm run generate`. Do not edit.

export interface paths {
    "/api/base": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The base map: where it came from, and either all of it (a sketch) or where its tiles are. */
        get: operations["get_base"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/check-ins": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Reports for duty at an office. From the commit on the person acts for it; an earlier check-in ends. */
        post: operations["check_in"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/check-ins/{id}/call-back": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Calls a person back to the office that employs them; the check-in ends. */
        post: operations["call_back"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/check-ins/{id}/check-out": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Ends a check-in: one's own, or one at the operator's office. */
        post: operations["check_out"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/check-ins/{id}/confirm": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Confirms an arrival at the operator's office and gives the role there until check-out. Sent again
         *     with another id, it changes the role. At the employer's own office the account's role stays.
         */
        post: operations["confirm"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/hazard/counts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How many incidents lie in the zones of each class of each layer. */
        get: operations["counts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/hazard/layers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The layers of hazard zones that are in force, with their legends. */
        get: operations["layers"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/hazard/zones": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The zones of a small box, as squares. Widened to multiples of 0.02°, so that neighbours share one answer. */
        get: operations["hazard_zones"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/incidents": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Answers from memory: which incidents are here, near here, or this office's. Staff and walls get the
         *     office encoding, everybody else the public one.
         */
        get: operations["list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/incidents/{id}/responsible": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Names the office that answers for an incident from now on. An operator takes for the acting office
         *     what nobody answers for, or hands over to another office what the acting one answers for.
         */
        post: operations["change_responsible"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/incidents/{id}/status": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Changes an incident's status: an operator of the office that answers for it, or of any office while
         *     none does.
         */
        post: operations["change_status"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/live": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The live stream over WebSocket.
         * @description The first frame, a `ViewerFrame`, must come within 10 seconds; it may bring a token. What the server
         *     sends are `ServerFrame`s.
         */
        get: operations["socket"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/live/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The live stream as server-sent events, for networks that block WebSocket.
         * @description The same frames: `event:` is the frame's type, `data:` its JSON text, `id:` the position to come back
         *     with (`EPOCH:SEQ`, honoured as `Last-Event-ID`).
         */
        get: operations["events"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who the caller is and for whom they act. */
        get: operations["me"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/media": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Uploads a photo or video, to be named by a report.
         * @description The raw file is the body; what it is is told by its content. Photos (JPEG, PNG, WebP, HEIC) to 40 MB, videos
         *     (MP4, MOV) to 500 MB. When this answers, the file is on the disk for good. Files that no report names
         *     within a day are removed.
         */
        post: operations["upload"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/media-tickets": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Gives a ticket to fetch media with: `?ticket=`. */
        post: operations["media_ticket"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/media/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Gives an original to offices.
         * @description With `Range` (one part), `If-Range` and `If-None-Match`; the entity tag is the file's id.
         */
        get: operations["original"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/media/{id}/thumbnail": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Gives a thumbnail to offices: at most 480 px, JPEG, without metadata. */
        get: operations["thumbnail"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/offices/{code}/roster": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Who is where: open check-ins at the office, its own staff elsewhere and those not checked in.
         *     Offices are equal partners: each may read every roster.
         */
        get: operations["roster"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/operations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * All operations.
         * @description For who chooses one and has no use for a snapshot. The public may know what is open, and what is a drill.
         */
        get: operations["list_operations"];
        put?: never;
        /** Opens a disaster or a drill. */
        post: operations["open"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/operations/{id}/close": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Closes a disaster or a drill.
         * @description It takes no more reports, and its incidents leave every screen. They stay in the log: look at them with
         *     `GET /api/operations/{id}/world`, or open the operation again.
         */
        post: operations["close"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/operations/{id}/reopen": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Opens a closed disaster or drill again: all that belongs to it is back on every screen.
         * @description The whole operation is read from the log before this answers, about a second for 100,000 entries, and until
         *     then no other receipt is given. Viewers are told to take a new snapshot.
         */
        post: operations["reopen"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/operations/{id}/world": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * An operation as it was.
         * @description Its incidents with status, office and reports, newest first, as the log's entries up to then made them. The
         *     incidents of closed operations are to be had nowhere else. Two of these are answered at a time. That somebody reads
         *     it is recorded, once an hour.
         */
        get: operations["past_operation"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/receipts/{key}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What became of a report, for whoever holds the receipt's key. */
        get: operations["receipt"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/receipts/{key}/thumbnails/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A thumbnail of a picture that was sent with the report; it carries no metadata. */
        get: operations["receipt_thumbnail"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/region": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The region: its offices, where the map starts, and boundaries for drawing. */
        get: operations["get_region"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/reports": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Files a report. The receipt comes after the commit; the same report again gives the same receipt. */
        post: operations["file"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/reports/{id}/contact": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * How to reach the reporter. Only for an operator of the office that answers for it, who says why; the
         *     reading is recorded.
         */
        get: operations["contact"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Signs in with account name and password. */
        post: operations["sign_in"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/sessions/current": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Signs out: revokes the session with all its tokens. An open check-in stays open. */
        delete: operations["sign_out"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/sessions/refresh": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Gives the next tokens of a session. Each refresh token works once; if the answer was lost, the same
         *     token gives the same next one, until that or its access token was used, and for 30 seconds in any case.
         *     Later use of an old one revokes the session.
         */
        post: operations["refresh"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/shelters": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The shelters of the list in force, and what their offices say of them. Whoever looks keeps up by the live stream,
         *     whose entries `shelter_changed` carry the status after them; for offices `shelter_drilled` too.
         */
        get: operations["shelters"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/shelters/{id}/state": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Says what is true of a shelter from now on: staff in the field or an operator, acting for the municipality that
         *     answers for it. What is said in a drill is so in that drill alone, until it is closed: the public does not hear of
         *     it, and what is real stays as it was.
         */
        post: operations["change_shelter"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/snapshot": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The picture now, with its position in the log. Then subscribe to the live stream from there. */
        get: operations["snapshot"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/ogc": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Where GIS programs connect: OGC API – Features. */
        get: operations["gis_landing"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/ogc/": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The same with a slash at the end, as people write it too. */
        get: operations["gis_landing_with_slash"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/ogc/api": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The definition of this part of the API alone, as GIS programs want it: OpenAPI 3.0. */
        get: operations["gis_api"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/ogc/collections": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The collections that the caller may read. */
        get: operations["gis_collections"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/ogc/collections/check-ins": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What the check-ins say of themselves. */
        get: operations["gis_check_ins"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/ogc/collections/check-ins/items": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Open check-ins, newest first. */
        get: operations["gis_check_ins_items"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/ogc/collections/check-ins/items/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One open check-in. */
        get: operations["gis_check_ins_item"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/ogc/collections/incidents": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What the incidents say of themselves. */
        get: operations["gis_incidents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/ogc/collections/incidents/items": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Incidents, newest first. Staff and walls get the office encoding, everybody else the public one. */
        get: operations["gis_incidents_items"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/ogc/collections/incidents/items/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One incident. */
        get: operations["gis_incidents_item"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/ogc/collections/offices": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What the offices say of themselves. */
        get: operations["gis_offices"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/ogc/collections/offices/items": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Offices, municipalities first, by code. */
        get: operations["gis_offices_items"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/ogc/collections/offices/items/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One office. */
        get: operations["gis_offices_item"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/ogc/collections/reports": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What the reports say of themselves. */
        get: operations["gis_reports"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/ogc/collections/reports/items": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Reports, newest first. */
        get: operations["gis_reports_items"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/ogc/collections/reports/items/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One report. */
        get: operations["gis_reports_item"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/ogc/collections/shelters": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What the shelters say of themselves. */
        get: operations["gis_shelters"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/ogc/collections/shelters/items": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Shelters, by id. Those of which an office has said something have a time. */
        get: operations["gis_shelters_items"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/ogc/collections/shelters/items/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One shelter. */
        get: operations["gis_shelters_item"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/ogc/conformance": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Which parts of the standard hold. */
        get: operations["gis_conformance"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/styles/{document}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * A style for map programs, with addresses of this node alone: `/styles/standard.json`, or `/styles/SOURCE.json` for
         *     a source of pictures.
         */
        get: operations["style"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/tiles": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The sources of tiles. */
        get: operations["tile_sources"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/tiles/{document}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A source of tiles, as TileJSON 3.0.0 describes it: `/tiles/SOURCE.json`. */
        get: operations["tile_json"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/tiles/{source}/{z}/{x}/{y}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * A tile. Live tiles have words and danger to life for whoever shows an office's token, and what everybody may see
         *     for everybody else.
         */
        get: operations["tile"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description The base map that this node serves. Changes only when the node is started anew. */
        BaseMap: {
            /** @description What it is. */
            kind: components["schemas"]["BaseMapKind"];
            /** @description Whether it is a sketch (略図), or with `kind` features a part of it, which every screen must say. */
            sketch: boolean;
            /** @description Its edition, for people. */
            edition: string;
            /** @description Who made what it rests on. */
            source: string;
            /** @description Under which licence or terms it may be used. */
            licence: string;
            /** @description What to write on the map. */
            attribution: string;
            /**
             * @description A sketch is small and comes whole: a GeoJSON FeatureCollection whose features have `layer` (water, waterway,
             *     railway, road, station, place), `name`, `name_en`, `ref`, `kind`, `rank` (1 is the most important) and `sketch`.
             */
            features?: Record<string, never>;
            /** @description TileJSON of everything larger, on this node. */
            tiles?: string;
        };
        /**
         * @description What a base map is made of.
         * @enum {string}
         */
        BaseMapKind: "none" | "sketch" | "features" | "archive";
        /** @description A GeoJSON FeatureCollection (RFC 7946). */
        BoundaryCollection: {
            /** @enum {string} */
            type: "FeatureCollection";
            /** @description One for each municipality, by code. */
            features: components["schemas"]["BoundaryFeature"][];
        };
        /** @description A municipality's boundary, a GeoJSON Feature. */
        BoundaryFeature: {
            /** @enum {string} */
            type: "Feature";
            /** @description Whose it is. */
            properties: components["schemas"]["BoundaryProperties"];
            /** @description The ground. */
            geometry: components["schemas"]["BoundaryGeometry"];
        };
        /** @description A GeoJSON MultiPolygon. */
        BoundaryGeometry: {
            /** @enum {string} */
            type: "MultiPolygon";
            /** @description Polygons of rings of `[lon, lat]`, degrees WGS 84 to five decimals (about 1 m); outer rings anticlockwise. */
            coordinates: number[][][][];
        };
        /** @description Whose boundary it is. */
        BoundaryProperties: {
            /** @description The municipality's code. */
            code: string;
            /** @description Its Japanese name. */
            name: string;
        };
        /** @description An axis-aligned box in degrees WGS 84, edges included. It does not cross the antimeridian. */
        Bounds: {
            /**
             * Format: double
             * @description Western edge, degrees east.
             */
            west: number;
            /**
             * Format: double
             * @description Southern edge, degrees north.
             */
            south: number;
            /**
             * Format: double
             * @description Eastern edge, degrees east.
             */
            east: number;
            /**
             * Format: double
             * @description Northern edge, degrees north.
             */
            north: number;
        };
        /**
         * @description What is reported.
         * @enum {string}
         */
        Category: "road_damage" | "water_leak" | "street_light" | "hazard" | "other";
        /** @description A check-in, for offices. */
        CheckIn: {
            /**
             * Format: uuid
             * @description Id.
             */
            id: string;
            /**
             * Format: uuid
             * @description Who.
             */
            staff: string;
            /** @description Their name. */
            name: string;
            /** @description Code of the office where they reported for duty. */
            office: string;
            /** @description Code of the office that employs them. */
            employer: string;
            /**
             * Format: date-time
             * @description Since when.
             */
            since: string;
            /** @description Role there; left out at the employer's own office, where the account's role holds. */
            role?: components["schemas"]["Role"];
            /** @description Name of the operator who confirmed the arrival. */
            confirmed_by?: string;
            /** @description How it ended, if it has. */
            ended?: components["schemas"]["CheckInEnd"];
        };
        /** @description How and when a check-in ended. */
        CheckInEnd: {
            /**
             * Format: date-time
             * @description When.
             */
            at: string;
            /** @description How. */
            reason: components["schemas"]["EndReason"];
        };
        /** @description An open check-in, for offices. */
        CheckInProperties: {
            /**
             * Format: uuid
             * @description Who.
             */
            staff: string;
            /** @description Their name. */
            name: string;
            /** @description Code of the office where they reported for duty. */
            office: string;
            /** @description Code of the office that employs them. */
            employer: string;
            /**
             * Format: date-time
             * @description Since when.
             */
            since: string;
            /** @description Role there; `null` at the employer's own office, where the account's role holds. */
            role?: components["schemas"]["Role"];
            /** @description Name of the operator who confirmed the arrival. */
            confirmed_by?: string;
        };
        /** @description The answer to a change of a check-in, given after the commit. */
        CheckInReceipt: {
            /**
             * Format: int64
             * @description Sequence number of the entry on this node.
             */
            seq: number;
            /** @description The check-in after the change. */
            check_in: components["schemas"]["CheckIn"];
        };
        /**
         * @description Stable error codes. A new one only where a client would act on it.
         * @enum {string}
         */
        Code: "malformed_request" | "invalid_field" | "unknown_field" | "text_too_long" | "text_not_allowed" | "position_missing" | "position_not_finite" | "position_out_of_range" | "position_swapped" | "position_null_island" | "unknown_office" | "unknown_operation" | "too_many_incidents" | "unknown_media" | "media_unsupported" | "media_damaged" | "media_too_large" | "picture_too_large" | "body_too_large" | "range_not_satisfiable" | "sign_in_required" | "token_expired" | "token_invalid" | "token_revoked" | "wrong_credentials" | "forbidden" | "other_office" | "not_found" | "tile_out_of_range" | "method_not_allowed" | "not_acceptable" | "id_taken" | "already_responsible" | "check_in_ended" | "operation_ended" | "operation_open" | "too_many_requests" | "timeout" | "internal" | "unavailable" | "map_source_failed" | "storage_full";
        /** @description The collections that the caller may read. */
        Collections: {
            /** @description To itself. */
            links: components["schemas"]["Link"][];
            /** @description The collections. */
            collections: components["schemas"]["FeatureCollectionInfo"][];
        };
        /** @description Which parts of the standard hold. */
        Conformance: {
            /** @description Addresses of conformance classes. */
            conformsTo: string[];
        };
        /** @description How to reach a resident. At most 200 characters each. */
        Contact: {
            /** @description Name. */
            name?: string;
            /** @description Telephone number. */
            phone?: string;
            /** @description E-mail address. */
            email?: string;
        };
        /**
         * @description What a place of refuge can be fit for: the eight kinds of disaster of the Disaster Countermeasures Basic Act's
         *     enforcement order, article 20-3 (指定緊急避難場所).
         * @enum {string}
         */
        Danger: "flood" | "landslide" | "storm_surge" | "earthquake" | "tsunami" | "fire" | "inland_flood" | "volcano";
        /** @description How deep the water may stand. */
        Depth: {
            /**
             * Format: double
             * @description Metres, inclusive.
             */
            min_m: number;
            /**
             * Format: double
             * @description Metres, exclusive; `null` without a limit.
             */
            max_m?: number;
        };
        /**
         * @description How a check-in ended.
         * @enum {string}
         */
        EndReason: "checked_out" | "called_back" | "superseded";
        /** @description One witness for a place. */
        Evidence: {
            /** @description Who says so. */
            source: components["schemas"]["EvidenceSource"];
            /** @description Where. */
            position: components["schemas"]["LatLon"];
            /**
             * Format: double
             * @description Radius of uncertainty, metres.
             */
            accuracy_m?: number;
            /**
             * Format: double
             * @description Direction of view, degrees clockwise from true north, 0 to 360; 360 is taken as 0.
             */
            heading_deg?: number;
            /**
             * Format: date-time
             * @description When the source took it.
             */
            at?: string;
        };
        /**
         * @description Who says that the thing is there.
         * @enum {string}
         */
        EvidenceSource: "device" | "media" | "pin" | "typed";
        /** @description Where and when a collection's features are. */
        Extent: {
            /** @description Where. */
            spatial: components["schemas"]["SpatialExtent"];
            /** @description When; left out where features have no time. */
            temporal?: components["schemas"]["TemporalExtent"];
        };
        /** @description What a collection says of itself. */
        FeatureCollectionInfo: {
            /** @description Its name in addresses. */
            id: string;
            /** @description Its name for people. */
            title: string;
            /** @description What is in it. */
            description: string;
            /** @description What to write on a map. */
            attribution: string;
            /** @description To its items. */
            links: components["schemas"]["Link"][];
            /** @description Where and when its features are. */
            extent: components["schemas"]["Extent"];
            /** @enum {string} */
            itemType: "feature";
            /** @description Coordinate reference systems: CRS84 alone. */
            crs: string[];
        };
        /** @description A page of a collection, a GeoJSON feature collection. */
        FeaturePage_CheckInProperties: components["schemas"]["PageEnd"] & {
            /** @enum {string} */
            type: "FeatureCollection";
            /** @description The features. */
            features: components["schemas"]["Feature_CheckInProperties"][];
        };
        /** @description A page of a collection, a GeoJSON feature collection. */
        FeaturePage_IncidentProperties: components["schemas"]["PageEnd"] & {
            /** @enum {string} */
            type: "FeatureCollection";
            /** @description The features. */
            features: components["schemas"]["Feature_IncidentProperties"][];
        };
        /** @description A page of a collection, a GeoJSON feature collection. */
        FeaturePage_OfficeProperties: components["schemas"]["PageEnd"] & {
            /** @enum {string} */
            type: "FeatureCollection";
            /** @description The features. */
            features: components["schemas"]["Feature_OfficeProperties"][];
        };
        /** @description A page of a collection, a GeoJSON feature collection. */
        FeaturePage_ReportProperties: components["schemas"]["PageEnd"] & {
            /** @enum {string} */
            type: "FeatureCollection";
            /** @description The features. */
            features: components["schemas"]["Feature_ReportProperties"][];
        };
        /** @description A page of a collection, a GeoJSON feature collection. */
        FeaturePage_ShelterProperties: components["schemas"]["PageEnd"] & {
            /** @enum {string} */
            type: "FeatureCollection";
            /** @description The features. */
            features: components["schemas"]["Feature_ShelterProperties"][];
        };
        /** @description A GeoJSON feature. */
        Feature_CheckInProperties: {
            /** @enum {string} */
            type: "Feature";
            /** @description Its name in addresses. */
            id: string;
            /** @description Where. */
            geometry?: components["schemas"]["Geometry"];
            /** @description An open check-in, for offices. */
            properties: {
                /**
                 * Format: uuid
                 * @description Who.
                 */
                staff: string;
                /** @description Their name. */
                name: string;
                /** @description Code of the office where they reported for duty. */
                office: string;
                /** @description Code of the office that employs them. */
                employer: string;
                /**
                 * Format: date-time
                 * @description Since when.
                 */
                since: string;
                /** @description Role there; `null` at the employer's own office, where the account's role holds. */
                role?: components["schemas"]["Role"];
                /** @description Name of the operator who confirmed the arrival. */
                confirmed_by?: string;
            };
            /** @description To itself and its collection, where it is asked for alone. */
            links?: components["schemas"]["Link"][];
        };
        /** @description A GeoJSON feature. */
        Feature_IncidentProperties: {
            /** @enum {string} */
            type: "Feature";
            /** @description Its name in addresses. */
            id: string;
            /** @description Where. */
            geometry?: components["schemas"]["Geometry"];
            /** @description An incident, for whoever asks. */
            properties: components["schemas"]["OfficeIncidentProperties"] | components["schemas"]["PublicIncidentProperties"];
            /** @description To itself and its collection, where it is asked for alone. */
            links?: components["schemas"]["Link"][];
        };
        /** @description A GeoJSON feature. */
        Feature_OfficeProperties: {
            /** @enum {string} */
            type: "Feature";
            /** @description Its name in addresses. */
            id: string;
            /** @description Where. */
            geometry?: components["schemas"]["Geometry"];
            /** @description An office, for everybody. */
            properties: {
                /** @description What it is. */
                kind: components["schemas"]["OfficeKind"];
                /** @description Japanese name. */
                name: string;
                /** @description Reading in hiragana. */
                kana: string;
                /** @description English name. */
                english: string;
                /** @description Codes of the municipalities that share a border with it, comma-separated. */
                neighbours: string;
                /** @description Whether the boundary is a sketch (略図), which every map must say; `null` for an office that is a point. */
                sketch?: boolean;
                /** @description The boundary's edition. */
                edition?: string;
                /** @description What to write on the map for the boundary. */
                attribution?: string;
            };
            /** @description To itself and its collection, where it is asked for alone. */
            links?: components["schemas"]["Link"][];
        };
        /** @description A GeoJSON feature. */
        Feature_ReportProperties: {
            /** @enum {string} */
            type: "Feature";
            /** @description Its name in addresses. */
            id: string;
            /** @description Where. */
            geometry?: components["schemas"]["Geometry"];
            /** @description A report, for offices. */
            properties: {
                /**
                 * Format: uuid
                 * @description The incident that it belongs to.
                 */
                incident: string;
                /** @description What. */
                category: components["schemas"]["Category"];
                /** @description In the reporter's words. */
                words: string;
                /** @description Marked as danger to life. */
                danger_to_life: boolean;
                /**
                 * Format: date-time
                 * @description When it was seen, as the device says.
                 */
                observed_at: string;
                /**
                 * Format: date-time
                 * @description When the server wrote it down.
                 */
                filed_at: string;
                /** @description `inside`, `on_border` or `outside` of the region's municipalities. */
                standing: string;
                /** @description Code of the municipality whose ground it is; outside, of the nearest. */
                municipality: string;
                /** @description Edition of the boundaries that say so; it begins with 略図 where they are a sketch. */
                boundaries: string;
                /** @description The hazard zones that it lay in when it was filed, as `LAYER:CLASS`, comma-separated. */
                zones: string;
                /** @description Their Japanese names; 架空・訓練用 behind what is invented. */
                zone_names: string;
                /** @description Who says that it is there. */
                source?: components["schemas"]["EvidenceSource"];
                /**
                 * Format: double
                 * @description Radius of uncertainty in metres.
                 */
                accuracy_m?: number;
                /**
                 * Format: double
                 * @description Direction of view, degrees clockwise from true north.
                 */
                heading_deg?: number;
                /** @description Content addresses of its photos and videos (`/api/media/ID`), comma-separated. */
                media: string;
                /** @description Whether the reporter left contact details. */
                has_contact: boolean;
                /** @description `staff`, `resident` or `system`. */
                reporter: string;
                /** @description A staff member's name. */
                reporter_name?: string;
                /** @description Code of the office for which they acted. */
                office?: string;
                /** @description Code of the office that employs them. */
                employer?: string;
                /**
                 * Format: uuid
                 * @description The operation.
                 */
                operation: string;
                /** @description The operation's name. */
                operation_name?: string;
                /** @description What the operation is for; `drill` (訓練) is not the real thing. */
                operation_kind?: components["schemas"]["OperationKind"];
            };
            /** @description To itself and its collection, where it is asked for alone. */
            links?: components["schemas"]["Link"][];
        };
        /** @description A GeoJSON feature. */
        Feature_ShelterProperties: {
            /** @enum {string} */
            type: "Feature";
            /** @description Its name in addresses. */
            id: string;
            /** @description Where. */
            geometry?: components["schemas"]["Geometry"];
            /** @description A shelter, for whoever asks. */
            properties: components["schemas"]["OfficeShelterProperties"] | components["schemas"]["PublicShelterProperties"];
            /** @description To itself and its collection, where it is asked for alone. */
            links?: components["schemas"]["Link"][];
        };
        /** @description A GeoJSON geometry; degrees WGS 84, longitude first. */
        Geometry: {
            /** @description `[lon, lat]`. */
            coordinates: number[];
            /** @enum {string} */
            type: "Point";
        } | {
            /** @description Polygons. */
            coordinates: number[][][][];
            /** @enum {string} */
            type: "MultiPolygon";
        };
        /**
         * @description Why the server ends a stream.
         * @enum {string}
         */
        GoodbyeReason: "shutdown" | "slow" | "no_pong" | "full" | "no_subscribe" | "token_not_yet_known" | "bad_frame" | "frame_too_large" | "too_many_frames" | "token_invalid" | "token_expired" | "token_revoked";
        /**
         * @description What threatens in a zone.
         * @enum {string}
         */
        Hazard: "flood" | "inland_flood" | "storm_surge" | "tsunami" | "landslide" | "avalanche" | "volcano" | "other";
        /** @description The zones of a small box as squares, for a phone: GeoJSON (RFC 7946). */
        HazardArea: {
            /** @description `FeatureCollection` */
            type: string;
            /**
             * Format: double
             * @description Edge of a square, degrees. What lies nearer to the edge of a zone than this may be told wrongly.
             */
            step_deg: number;
            /** @description One for each class of each layer that is there, by layer and class. */
            features: components["schemas"]["HazardSquares"][];
        };
        /** @description An entry of the legend. */
        HazardClass: {
            /** @description Code within the layer. */
            code: string;
            /** @description Japanese name, understood without the layer's. */
            name: string;
            /** @description English name. */
            english: string;
            /** @description `#rrggbb` */
            color: string;
            /** @description Drawn over the colour: `none`, `hatch`, `cross`, `dots` or `lines`. */
            pattern: string;
            /** @description How deep the water may stand, if the class is one of depths. */
            depth?: components["schemas"]["Depth"];
            /** @description Whether the program knows the class; others come from the file as they are. */
            known: boolean;
        };
        /** @description A layer of hazard zones. */
        HazardLayer: {
            /** @description Its id. */
            id: string;
            /** @description Japanese name. */
            name: string;
            /** @description English name. */
            english: string;
            /** @description What threatens. */
            hazard: components["schemas"]["Hazard"];
            /** @description Which edition, for people. */
            edition: string;
            /** @description Who made the data, or the files that were imported. */
            source: string;
            /** @description Under which terms. */
            licence: string;
            /** @description What to write on the map. */
            attribution: string;
            /** @description Invented, for demonstration and drills (架空・訓練用); must be shown as such. */
            demonstration: boolean;
            /**
             * Format: date-time
             * @description When it was imported; the demonstration never was.
             */
            imported_at?: string;
            /**
             * Format: int32
             * @description How many zones it has.
             */
            zones: number;
            /** @description West, south, east and north of all of them, degrees WGS 84. */
            bounds?: components["schemas"]["Bounds"];
            /** @description The legend, the least severe first. */
            classes: components["schemas"]["HazardClass"][];
            /** @description Address of the tiles: `/tiles/hazard-ID/{z}/{x}/{y}`. */
            tiles: string;
        };
        /** @description The layers that are in force. */
        HazardLayers: {
            /** @description In the order of their ids. */
            layers: components["schemas"]["HazardLayer"][];
        };
        /** @description Where the zones of a class are. */
        HazardSquares: {
            /** @description `Feature` */
            type: string;
            /** @description Which class. */
            properties: components["schemas"]["HazardSquaresProperties"];
            /** @description Where. */
            geometry: components["schemas"]["HazardSquaresGeometry"];
        };
        /** @description Boxes of squares. */
        HazardSquaresGeometry: {
            /** @description `MultiPolygon` */
            type: string;
            /** @description Each box a polygon of one ring; degrees WGS 84, longitude first. */
            coordinates: number[][][][];
        };
        /** @description A class of a layer. */
        HazardSquaresProperties: {
            /** @description Id of the layer. */
            layer: string;
            /** @description What threatens. */
            hazard: components["schemas"]["Hazard"];
            /** @description Code of the class. */
            class: string;
            /** @description Its Japanese name. */
            name: string;
            /** @description Its English name. */
            english: string;
            /** @description The layer's edition. */
            edition: string;
            /** @description Invented (架空・訓練用). */
            demonstration: boolean;
        };
        /** @description An incident, for whoever asks. */
        IncidentProperties: components["schemas"]["OfficeIncidentProperties"] | components["schemas"]["PublicIncidentProperties"];
        /** @description What a map draws of an incident, for offices and, with the position to 0.0001°, for everybody. */
        IncidentSymbol: {
            /**
             * Format: uuid
             * @description Id.
             */
            id: string;
            /** @description What. */
            category: components["schemas"]["Category"];
            /** @description How far the handling is. */
            status: components["schemas"]["Status"];
            /** @description Where. */
            position: components["schemas"]["LatLon"];
        };
        /** @description Incidents, encoded for whoever asks. */
        Incidents: {
            /** @description The incidents. */
            incidents: components["schemas"]["OfficeIncident"][];
        } | {
            /** @description The incidents. */
            incidents: components["schemas"]["PublicIncident"][];
        } | {
            /** @description The incidents. */
            incidents: components["schemas"]["IncidentSymbol"][];
        };
        /**
         * @description What a viewer wants to hear of. Left-out parts match everything. Entries that carry no incident
         *     (operations, check-ins, shelters) match every interest.
         */
        Interest: {
            /** @description Only incidents here. Widened to whole map tiles, so that like screens share their frames. */
            bounds?: components["schemas"]["Bounds"];
            /** @description Only incidents that one of these offices answers for or reported; at most 64 codes. */
            offices?: string[];
            /** @description Only these categories. */
            categories?: components["schemas"]["Category"][];
            /**
             * Format: uuid
             * @description Only this operation.
             */
            operation?: string;
        };
        /** @description Where everything begins. */
        LandingPage: {
            /** @description Name. */
            title: string;
            /** @description What is here. */
            description: string;
            /** @description What to write on a map. */
            attribution: string;
            /** @description To the rest. */
            links: components["schemas"]["Link"][];
        };
        /** @description Degrees WGS 84. */
        LatLon: {
            /**
             * Format: double
             * @description Degrees north.
             */
            lat: number;
            /**
             * Format: double
             * @description Degrees east.
             */
            lon: number;
        };
        /** @description A link to another resource (RFC 8288). */
        Link: {
            /** @description Absolute address. */
            href: string;
            /** @description What it is to this one. */
            rel: string;
            /** @description Its media type. */
            type: string;
            /** @description For people. */
            title?: string;
        };
        /** @description The list, encoded for whoever asks. */
        List: components["schemas"]["ShelterList_OfficeShelterStatus"] | components["schemas"]["ShelterList_PublicShelterStatus"];
        /** @description Who the caller is and for whom they act. */
        Me: {
            /**
             * Format: uuid
             * @description Id.
             */
            id: string;
            /** @description Name. */
            name: string;
            /** @description Code of the office that employs them. */
            work_office: string;
            /** @description Code of the office where they live. */
            home_office?: string;
            /** @description Code of the office for which they act now. */
            acting_office: string;
            /** @description Role there. */
            role: components["schemas"]["Role"];
            /** @description The open check-in, if there is one. */
            check_in?: components["schemas"]["CheckIn"];
            /** @description While none is open: the one that ended last, so that its owner learns who ended it and how. */
            last_check_in?: components["schemas"]["CheckIn"];
            /** @enum {string} */
            kind: "staff";
        } | {
            /** @description Code of its office. */
            office: string;
            /** @enum {string} */
            kind: "wall";
        };
        /**
         * @description What a stored file is, told by its content.
         * @enum {string}
         */
        MediaKind: "jpeg" | "png" | "webp" | "heic" | "mp4" | "mov";
        /** @description A short-lived ticket that lets `<img>` and `<video>` fetch media: `?ticket=`. */
        MediaTicket: {
            /** @description The ticket. */
            ticket: string;
            /**
             * Format: date-time
             * @description When it ends.
             */
            expires_at: string;
        };
        /**
         * @description A photo or video of a report. Files: `/api/media/ID` (original, Range) and
         *     `/api/media/ID/thumbnail` (480 px JPEG), both for staff and walls.
         */
        Medium: {
            /** @description Content address: SHA-256, hex. */
            id: string;
            /** @description What it is. */
            kind: components["schemas"]["MediaKind"];
            /**
             * Format: int64
             * @description Bytes.
             */
            size: number;
            /** @description Whether there is a thumbnail. */
            thumbnail: boolean;
        };
        /** @description Reports for duty at an office. */
        NewCheckIn: {
            /**
             * Format: uuid
             * @description A UUIDv7 made by the sender; becomes the check-in's id.
             */
            id: string;
            /** @description Code of the office. */
            office: string;
        };
        /** @description A check-out or call-back. */
        NewCheckInEnd: {
            /**
             * Format: uuid
             * @description A UUIDv7 made by the sender.
             */
            id: string;
        };
        /** @description Closes an operation. */
        NewClose: {
            /**
             * Format: uuid
             * @description A UUIDv7 made by the sender.
             */
            id: string;
        };
        /** @description An operator's confirmation of an arrival. */
        NewConfirmation: {
            /**
             * Format: uuid
             * @description A UUIDv7 made by the sender.
             */
            id: string;
            /** @description The role there until check-out: `field` or `operator`. */
            role: components["schemas"]["Role"];
        };
        /** @description Opens an operation. */
        NewOperation: {
            /**
             * Format: uuid
             * @description A UUIDv7 made by the sender; becomes the operation's id.
             */
            id: string;
            /** @description `disaster` or `drill`; everyday care exists already. */
            kind: components["schemas"]["OperationKind"];
            /** @description Its name, 1 to 100 characters. */
            name: string;
        };
        /** @description Opens a closed operation again. */
        NewReopening: {
            /**
             * Format: uuid
             * @description A UUIDv7 made by the sender.
             */
            id: string;
        };
        /** @description A report as a phone sends it. Sending the same again gives the same receipt. */
        NewReport: {
            /**
             * Format: uuid
             * @description A UUIDv7 made by the sender, once for each report.
             */
            id: string;
            /**
             * Format: uuid
             * @description The operation; left out, everyday care.
             */
            operation?: string;
            /** @description What. */
            category: components["schemas"]["Category"];
            /** @description In the reporter's words, at most 2,000 characters; may be empty. */
            words?: string;
            /** @description Marked as danger to life; only staff may. */
            danger_to_life?: boolean;
            /**
             * Format: date-time
             * @description When it was seen, as the device says.
             */
            observed_at: string;
            /** @description The witnesses for the place, 1 to 16. */
            evidence: components["schemas"]["Evidence"][];
            /** @description Index of the witness that was chosen. */
            chosen?: number;
            /** @description Ids of uploaded photos and videos, at most 10. */
            media?: string[];
            /** @description How to reach the reporter. Only an operator of the responsible office can read it. */
            contact?: components["schemas"]["Contact"];
        };
        /** @description An operator's naming of the office that answers for an incident from now on. */
        NewResponsible: {
            /**
             * Format: uuid
             * @description A UUIDv7 made by the sender, once for each change.
             */
            id: string;
            /**
             * @description Code of the office: one's acting office, to take what nobody answers for; another one, to hand
             *     over what the acting office answers for.
             */
            office: string;
        };
        /** @description An office opens, fills or closes a shelter, or counts the people there. It says all of it each time. */
        NewShelterState: {
            /**
             * Format: uuid
             * @description A UUIDv7 made by the sender.
             */
            id: string;
            /**
             * Format: uuid
             * @description The operation; left out, everyday care. In a drill (訓練) it is said to offices alone, beside what is real.
             */
            operation?: string;
            /** @description Open, full or closed. */
            state: components["schemas"]["ShelterState"];
            /**
             * Format: int32
             * @description People counted there, at most 100,000; left out: not counted.
             */
            people?: number;
            /** @description For colleagues, at most 200 characters. */
            note?: string;
        };
        /** @description An operator's change of an incident's status. */
        NewStatus: {
            /**
             * Format: uuid
             * @description A UUIDv7 made by the sender, once for each change.
             */
            id: string;
            /** @description The new status. */
            status: components["schemas"]["Status"];
        };
        /** @description One entry for offices: what happened, and the things it touched as they are after it. */
        OfficeEntry: {
            /**
             * Format: int64
             * @description Its sequence number on this node.
             */
            seq: number;
            /**
             * Format: uuid
             * @description Its id.
             */
            id: string;
            /** @description What happened: `report_filed`, `status_changed` … */
            kind: string;
            /**
             * Format: date-time
             * @description When, UTC.
             */
            at: string;
            /** @description Who. */
            actor: components["schemas"]["Reporter"];
            /**
             * Format: uuid
             * @description The operation.
             */
            operation_id: string;
            /** @description The incident after it. */
            incident?: components["schemas"]["OfficeIncident"];
            /** @description The check-ins after it. */
            check_ins?: components["schemas"]["CheckIn"][];
            /** @description What is said of the shelter after it: in earnest, or in the drill of a `shelter_drilled`. */
            shelter?: components["schemas"]["OfficeShelterStatus"];
            /** @description The operation after it. */
            operation?: components["schemas"]["Operation"];
        };
        /** @description An incident, for offices. Category, position and danger are those of its first report. */
        OfficeIncident: {
            /**
             * Format: uuid
             * @description Id.
             */
            id: string;
            /**
             * Format: uuid
             * @description The operation.
             */
            operation: string;
            /** @description What. */
            category: components["schemas"]["Category"];
            /** @description How far the handling is. */
            status: components["schemas"]["Status"];
            /** @description Where. */
            position: components["schemas"]["LatLon"];
            /** @description Any of its reports is marked as danger to life. */
            danger_to_life: boolean;
            /** @description Code of the office that answers for it. */
            responsible?: string;
            /**
             * @description The hazard zones that it lies in: those of its first report, until a new edition of a layer has it looked at
             *     again.
             */
            zones: components["schemas"]["Zone"][];
            /**
             * Format: date-time
             * @description When its first report was filed.
             */
            filed_at: string;
            /**
             * Format: date-time
             * @description When it was last changed.
             */
            updated_at: string;
            /** @description Its reports, oldest first. */
            reports: components["schemas"]["OfficeReport"][];
        };
        /** @description An incident, for offices. */
        OfficeIncidentProperties: components["schemas"]["PublicIncidentProperties"] & {
            /** @description Any of its reports is marked as danger to life. */
            danger_to_life: boolean;
            /** @description The words of its first report. */
            words: string;
            /** @description How many reports it has. */
            reports: number;
            /** @description The hazard zones that it lies in, as `LAYER:CLASS`, comma-separated. */
            zones: string;
            /** @description Their Japanese names; 架空・訓練用 behind what is invented. */
            zone_names: string;
        };
        /**
         * @description What an office is.
         * @enum {string}
         */
        OfficeKind: "municipality" | "prefecture";
        /** @description An office, for everybody. */
        OfficeProperties: {
            /** @description What it is. */
            kind: components["schemas"]["OfficeKind"];
            /** @description Japanese name. */
            name: string;
            /** @description Reading in hiragana. */
            kana: string;
            /** @description English name. */
            english: string;
            /** @description Codes of the municipalities that share a border with it, comma-separated. */
            neighbours: string;
            /** @description Whether the boundary is a sketch (略図), which every map must say; `null` for an office that is a point. */
            sketch?: boolean;
            /** @description The boundary's edition. */
            edition?: string;
            /** @description What to write on the map for the boundary. */
            attribution?: string;
        };
        /** @description A report, for offices. */
        OfficeReport: {
            /**
             * Format: uuid
             * @description Id.
             */
            id: string;
            /** @description What. */
            category: components["schemas"]["Category"];
            /** @description In the reporter's words. */
            words: string;
            /** @description Marked as danger to life. */
            danger_to_life: boolean;
            /**
             * Format: date-time
             * @description When it was seen, as the device says.
             */
            observed_at: string;
            /**
             * Format: date-time
             * @description When the server wrote it down.
             */
            filed_at: string;
            /** @description The witnesses for the place. */
            evidence: components["schemas"]["Evidence"][];
            /** @description Index of the chosen one. */
            chosen: number;
            /** @description Whose ground it is. */
            place: components["schemas"]["Place"];
            /** @description Edition of the boundaries that say so; it begins with 略図 where they are a sketch. */
            boundaries: string;
            /** @description The hazard zones that the place lay in when the report was filed. */
            zones: components["schemas"]["Zone"][];
            /** @description Photos and videos. */
            media: components["schemas"]["Medium"][];
            /** @description Whether the reporter left contact details. */
            has_contact: boolean;
            /** @description Who reported. */
            reporter: components["schemas"]["Reporter"];
        };
        /** @description A shelter, for offices. */
        OfficeShelterProperties: components["schemas"]["PublicShelterProperties"] & {
            /**
             * Format: int32
             * @description People who were counted there.
             */
            people?: number;
            /** @description For colleagues. */
            note?: string;
            /** @description Who said so, by name. */
            said_by?: string;
        };
        /** @description What an office says of a shelter, for offices. */
        OfficeShelterStatus: {
            /**
             * Format: uuid
             * @description The shelter.
             */
            shelter: string;
            /**
             * Format: uuid
             * @description The drill (訓練) in which alone this is so, which every screen must say; left out: in earnest.
             */
            drill?: string;
            /** @description Open, full or closed. */
            state: components["schemas"]["ShelterState"];
            /**
             * Format: int32
             * @description People who were counted there.
             */
            people?: number;
            /** @description For colleagues. */
            note?: string;
            /**
             * Format: date-time
             * @description Since when, UTC.
             */
            at: string;
            /** @description Code of the office that says so. */
            office?: string;
            /** @description Who, by name. */
            by?: string;
        };
        /** @description The world for offices at one position of the log. */
        OfficeSnapshot: {
            /**
             * Format: uuid
             * @description The log's epoch: another epoch is another history.
             */
            epoch: string;
            /**
             * Format: int64
             * @description Everything up to this entry is in here.
             */
            seq: number;
            /** @description All operations. */
            operations: components["schemas"]["Operation"][];
            /** @description Open incidents and those closed within 24 hours, newest first, at most 20,000. */
            incidents: components["schemas"]["OfficeIncident"][];
            /**
             * Format: int64
             * @description How many incidents the limit left out.
             */
            omitted: number;
            /** @description Open check-ins. */
            check_ins: components["schemas"]["CheckIn"][];
            /** @description What offices say of shelters; what is said in open drills stands beside what is real. */
            shelters?: components["schemas"]["OfficeShelterStatus"][];
        };
        /** @description An operation. */
        Operation: {
            /**
             * Format: uuid
             * @description Id.
             */
            id: string;
            /** @description What it is for. A drill must never look like the real thing. */
            kind: components["schemas"]["OperationKind"];
            /** @description Its name. */
            name: string;
            /** @description Whether it still takes reports. */
            open: boolean;
        };
        /**
         * @description What an operation is for. Drills never look like the real thing.
         * @enum {string}
         */
        OperationKind: "everyday" | "disaster" | "drill";
        /** @description Operations. */
        Operations: {
            /** @description All of them, in the order in which they were opened; everyday care first. */
            operations: components["schemas"]["Operation"][];
        };
        /** @description What a page says after its features. */
        PageEnd: {
            /** @description To itself, its collection, and, where there are more, the next page. */
            links: components["schemas"]["Link"][];
            /**
             * Format: date-time
             * @description When it was made.
             */
            timeStamp: string;
            /** @description Features that match, on all pages; left out where counting them would cost more than the page. */
            numberMatched?: number;
            /** @description Features on this page. */
            numberReturned: number;
        };
        /** @description An operation as it was after an entry of the log. */
        PastOperation: {
            /** @description The operation as it was then; left out: it had not begun. */
            operation?: components["schemas"]["Operation"];
            /**
             * Format: int64
             * @description After this entry of the log; for a time: the last of the operation's entries by then, 0 if there was none.
             */
            at: number;
            /**
             * Format: date-time
             * @description When the last of the operation's entries up to then was written, UTC; left out: there was none yet.
             */
            as_of?: string;
            /**
             * Format: int64
             * @description Incidents on all pages.
             */
            matched: number;
            /** @description Incidents as they were then, newest first, a page of them. */
            incidents: components["schemas"]["OfficeIncident"][];
            /** @description Where the next page is, of the same moment; left out: this is the last. */
            next?: string;
            /**
             * @description If one incident was asked for: the entries about it up to then, in order, each with the incident as it was
             *     after it. The latest 200.
             */
            entries?: components["schemas"]["OfficeEntry"][];
            /**
             * Format: int64
             * @description How many entries about it came before these.
             */
            omitted?: number;
        };
        /** @description Whose ground a position is. */
        Place: {
            /** @description Its code. */
            municipality: string;
            /** @enum {string} */
            standing: "inside";
        } | {
            /** @description Code of the municipality that answers. */
            municipality: string;
            /** @description Codes of the others. */
            others: string[];
            /** @enum {string} */
            standing: "on_border";
        } | {
            /** @description Code of the municipality whose border is nearest. */
            nearest: string;
            /**
             * Format: double
             * @description Metres to it.
             */
            distance_m: number;
            /** @enum {string} */
            standing: "outside";
        };
        /** @description The body of every error answer, `application/problem+json`. */
        Problem: {
            /** @description `urn:sokuho:problem:` and the code. */
            type: string;
            /** @description The code's sentence, the same each time. */
            title: string;
            /**
             * Format: int32
             * @description The HTTP status.
             */
            status: number;
            /** @description Stable code: what a program decides by. */
            code: components["schemas"]["Code"];
            /** @description What was wrong this time, in English, for a person. */
            detail?: string;
            /** @description The request's id, to be found in the server's log. */
            request_id?: string;
        };
        /** @description One entry for everybody. It has no id, for a report's id is its sender's alone. */
        PublicEntry: {
            /**
             * Format: int64
             * @description Its sequence number on this node.
             */
            seq: number;
            /** @description What happened. */
            kind: string;
            /**
             * Format: date-time
             * @description When, UTC.
             */
            at: string;
            /** @description The incident after it. */
            incident?: components["schemas"]["PublicIncident"];
            /** @description What is said of the shelter after it. */
            shelter?: components["schemas"]["PublicShelterStatus"];
            /** @description The operation after it. */
            operation?: components["schemas"]["Operation"];
        };
        /** @description An incident, for everybody: no words, no pictures, no names, and the position to 0.0001°. */
        PublicIncident: {
            /**
             * Format: uuid
             * @description Id.
             */
            id: string;
            /**
             * Format: uuid
             * @description The operation.
             */
            operation: string;
            /** @description What. */
            category: components["schemas"]["Category"];
            /** @description How far the handling is. */
            status: components["schemas"]["Status"];
            /** @description Where, to 0.0001° (about 10 m). */
            position: components["schemas"]["LatLon"];
            /** @description Code of the office that answers for it. */
            responsible?: string;
            /**
             * Format: date-time
             * @description When its first report was filed.
             */
            filed_at: string;
            /**
             * Format: date-time
             * @description When it was last changed.
             */
            updated_at: string;
        };
        /** @description An incident, for everybody. */
        PublicIncidentProperties: {
            /** @description What. */
            category: components["schemas"]["Category"];
            /** @description How far the handling is. */
            status: components["schemas"]["Status"];
            /** @description Code of the office that answers for it. */
            responsible?: string;
            /**
             * Format: date-time
             * @description When its first report was filed.
             */
            filed_at: string;
            /**
             * Format: date-time
             * @description When it was last changed.
             */
            updated_at: string;
            /**
             * Format: uuid
             * @description The operation.
             */
            operation: string;
            /** @description The operation's name. */
            operation_name?: string;
            /** @description What the operation is for; `drill` (訓練) is not the real thing. */
            operation_kind?: components["schemas"]["OperationKind"];
        };
        /** @description A shelter, for everybody. */
        PublicShelterProperties: {
            /** @description Name. */
            name: string;
            /** @description English name. */
            english?: string;
            /** @description Address. */
            address: string;
            /** @description Code of the municipality that answers for it. */
            municipality: string;
            /** @description Designated as 指定緊急避難場所. */
            emergency_site: boolean;
            /** @description Designated as 指定避難所. */
            shelter: boolean;
            /** @description Fit for 洪水; this and the next seven are `null` where the list does not say. */
            fit_flood?: boolean;
            /** @description Fit for 崖崩れ、土石流及び地滑り. */
            fit_landslide?: boolean;
            /** @description Fit for 高潮. */
            fit_storm_surge?: boolean;
            /** @description Fit for 地震. */
            fit_earthquake?: boolean;
            /** @description Fit for 津波. */
            fit_tsunami?: boolean;
            /** @description Fit for 大規模な火事. */
            fit_fire?: boolean;
            /** @description Fit for 内水氾濫. */
            fit_inland_flood?: boolean;
            /** @description Fit for 火山現象. */
            fit_volcano?: boolean;
            /**
             * Format: int32
             * @description People it holds indoors.
             */
            capacity?: number;
            /** @description Whom alone it takes in (受入対象者). */
            accepts?: string;
            /** @description Open, full or closed; `null`: its office has said nothing. */
            state?: components["schemas"]["ShelterState"];
            /**
             * Format: date-time
             * @description Since when.
             */
            state_at?: string;
            /** @description Whether it is invented (架空・訓練用), which every map must say. */
            demonstration: boolean;
        };
        /** @description What an office says of a shelter in earnest, for everybody. No head count, no names, no words. */
        PublicShelterStatus: {
            /**
             * Format: uuid
             * @description The shelter.
             */
            shelter: string;
            /** @description Open, full or closed. */
            state: components["schemas"]["ShelterState"];
            /**
             * Format: date-time
             * @description Since when, UTC.
             */
            at: string;
        };
        /** @description The world for everybody at one position of the log. */
        PublicSnapshot: {
            /**
             * Format: uuid
             * @description The log's epoch.
             */
            epoch: string;
            /**
             * Format: int64
             * @description Everything up to this entry is in here.
             */
            seq: number;
            /** @description All operations. */
            operations: components["schemas"]["Operation"][];
            /** @description Open incidents and those closed within 24 hours, newest first, at most 20,000. */
            incidents: components["schemas"]["PublicIncident"][];
            /**
             * Format: int64
             * @description How many incidents the limit left out.
             */
            omitted: number;
            /** @description What offices say of shelters in earnest. */
            shelters?: components["schemas"]["PublicShelterStatus"][];
        };
        /** @description The answer to a report, given after the commit: it is safe now. */
        Receipt: {
            /**
             * Format: uuid
             * @description The report's id.
             */
            id: string;
            /**
             * Format: int64
             * @description Its sequence number on this node.
             */
            seq: number;
            /**
             * Format: uuid
             * @description The incident that it opened.
             */
            incident: string;
            /**
             * Format: date-time
             * @description When the server wrote it down.
             */
            filed_at: string;
            /** @description Whose ground it is. */
            place: components["schemas"]["Place"];
            /** @description Edition of the boundaries that say so; it begins with 略図 where they are a sketch. */
            boundaries: string;
            /** @description Code of the office that answers for it, if one does. */
            responsible?: string;
            /** @description Code of the office for which the sender acted; for residents none. */
            office?: string;
            /**
             * @description For staff who filed it, the hazard zones that the place lies in; a resident is told nothing of them, for they
             *     are not told of any incident's.
             */
            zones?: components["schemas"]["Zone"][];
            /** @description Unguessable key of the page that shows what became of it: `/receipt#KEY`. */
            key: string;
        };
        /** @description What became of a report, for whoever holds the receipt's key. */
        ReceiptStatus: {
            /** @description What. */
            category: components["schemas"]["Category"];
            /** @description How far the handling is. */
            status: components["schemas"]["Status"];
            /**
             * Format: date-time
             * @description When that was last changed.
             */
            status_at: string;
            /**
             * Format: date-time
             * @description When the server wrote the report down.
             */
            filed_at: string;
            /** @description Where. */
            position: components["schemas"]["LatLon"];
            /** @description Whose ground it is. */
            place: components["schemas"]["Place"];
            /** @description Edition of the boundaries that say so; it begins with 略図 where they are a sketch. */
            boundaries: string;
            /** @description Code of the office that answers for it. */
            responsible?: string;
            /** @description The words that were sent. */
            words: string;
            /** @description Thumbnails of the pictures that were sent, by media id: `/api/receipts/KEY/thumbnails/ID`. */
            thumbnails: string[];
            /** @description How many photos and videos were sent; not all of them have a thumbnail. */
            media: number;
            /** @description Whether it belongs to a drill. */
            drill: boolean;
        };
        /** @description Asks for a new access token. Each refresh token works once. */
        Refresh: {
            /** @description The refresh token of the last answer. */
            refresh_token: string;
        };
        /** @description The region that this node serves. Changes only when the node is started anew. */
        Region: {
            /** @description Short name. */
            code: string;
            /** @description Japanese name. */
            name: string;
            /** @description Reading in hiragana. */
            kana: string;
            /** @description English name. */
            english: string;
            /** @description Prefecture's code, two digits of JIS X 0401. */
            prefecture: string;
            /** @description IANA name of the time zone that screens show. */
            time_zone: string;
            /** @description Where the map starts. */
            centre: components["schemas"]["LatLon"];
            /** @description The box that holds all boundaries, degrees WGS 84. */
            bounds: components["schemas"]["Bounds"];
            /**
             * Format: double
             * @description Zoom the map starts with, 512-pixel tiles.
             */
            default_zoom: number;
            /** @description Whether the boundaries are a sketch (略図), which every screen must say. */
            sketch: boolean;
            /** @description The boundaries' edition, for people. */
            edition: string;
            /** @description What to write on the map for the boundaries. */
            attribution: string;
            /** @description All offices, municipalities first, by code. */
            offices: components["schemas"]["RegionOffice"][];
            /**
             * @description The municipalities' boundaries for drawing: thinned, so that a point near a border may lie on its wrong side.
             *     Neighbours share the same corners. The server decides with the exact ones.
             */
            boundaries: components["schemas"]["BoundaryCollection"];
        };
        /** @description An office. */
        RegionOffice: {
            /** @description Code: five digits of JIS X 0402, for a branch office of the prefecture with a suffix. */
            code: string;
            /** @description What it is. */
            kind: components["schemas"]["OfficeKind"];
            /** @description Japanese name. */
            name: string;
            /** @description Reading in hiragana. */
            kana: string;
            /** @description English name. */
            english: string;
            /** @description Where to write the name on the map. */
            label: components["schemas"]["LatLon"];
            /** @description Codes of the municipalities that share a border with it. */
            neighbours: string[];
        };
        /** @description A report, for offices. */
        ReportProperties: {
            /**
             * Format: uuid
             * @description The incident that it belongs to.
             */
            incident: string;
            /** @description What. */
            category: components["schemas"]["Category"];
            /** @description In the reporter's words. */
            words: string;
            /** @description Marked as danger to life. */
            danger_to_life: boolean;
            /**
             * Format: date-time
             * @description When it was seen, as the device says.
             */
            observed_at: string;
            /**
             * Format: date-time
             * @description When the server wrote it down.
             */
            filed_at: string;
            /** @description `inside`, `on_border` or `outside` of the region's municipalities. */
            standing: string;
            /** @description Code of the municipality whose ground it is; outside, of the nearest. */
            municipality: string;
            /** @description Edition of the boundaries that say so; it begins with 略図 where they are a sketch. */
            boundaries: string;
            /** @description The hazard zones that it lay in when it was filed, as `LAYER:CLASS`, comma-separated. */
            zones: string;
            /** @description Their Japanese names; 架空・訓練用 behind what is invented. */
            zone_names: string;
            /** @description Who says that it is there. */
            source?: components["schemas"]["EvidenceSource"];
            /**
             * Format: double
             * @description Radius of uncertainty in metres.
             */
            accuracy_m?: number;
            /**
             * Format: double
             * @description Direction of view, degrees clockwise from true north.
             */
            heading_deg?: number;
            /** @description Content addresses of its photos and videos (`/api/media/ID`), comma-separated. */
            media: string;
            /** @description Whether the reporter left contact details. */
            has_contact: boolean;
            /** @description `staff`, `resident` or `system`. */
            reporter: string;
            /** @description A staff member's name. */
            reporter_name?: string;
            /** @description Code of the office for which they acted. */
            office?: string;
            /** @description Code of the office that employs them. */
            employer?: string;
            /**
             * Format: uuid
             * @description The operation.
             */
            operation: string;
            /** @description The operation's name. */
            operation_name?: string;
            /** @description What the operation is for; `drill` (訓練) is not the real thing. */
            operation_kind?: components["schemas"]["OperationKind"];
        };
        /** @description Who reported. */
        Reporter: {
            /**
             * Format: uuid
             * @description Id.
             */
            id: string;
            /** @description Name. */
            name: string;
            /** @description Code of the office for which they acted. */
            office?: string;
            /** @description Code of the office that employs them. */
            employer: string;
            /** @enum {string} */
            kind: "staff";
        } | {
            /** @enum {string} */
            kind: "resident";
        } | {
            /** @enum {string} */
            kind: "system";
        };
        /**
         * @description Why a viewer must start over.
         * @enum {string}
         */
        ResyncReason: "other_epoch" | "too_old" | "ahead_of_log";
        /**
         * @description What a staff member may do; `identity::permission` has the table.
         * @enum {string}
         */
        Role: "viewer" | "field" | "operator" | "admin";
        /** @description Who is where, as one office sees it. */
        Roster: {
            /** @description Code of the office. */
            office: string;
            /** @description Open check-ins at this office, its own staff and others'. */
            here: components["schemas"]["CheckIn"][];
            /** @description Open check-ins of this office's own staff at other offices. */
            elsewhere: components["schemas"]["CheckIn"][];
            /** @description This office's own staff without an open check-in. */
            not_checked_in: components["schemas"]["RosterStaff"][];
        };
        /** @description A staff member of a roster. */
        RosterStaff: {
            /**
             * Format: uuid
             * @description Id.
             */
            id: string;
            /** @description Name. */
            name: string;
            /** @description Role at the office that employs them. */
            role: components["schemas"]["Role"];
        };
        /**
         * @description A frame from the server, JSON text; over SSE the same text as `data:` with the type as `event:`.
         *
         *     `E` is [`OfficeEntry`] or [`PublicEntry`].
         */
        ServerFrame_OfficeEntry: {
            /**
             * Format: uuid
             * @description The node.
             */
            node: string;
            /**
             * Format: uuid
             * @description The log's epoch.
             */
            epoch: string;
            /**
             * Format: int64
             * @description The head of the log.
             */
            seq: number;
            /**
             * Format: date-time
             * @description The server's clock, UTC.
             */
            now: string;
            /**
             * Format: int64
             * @description A heartbeat comes at least this often, seconds.
             */
            heartbeat_seconds: number;
            /** @enum {string} */
            type: "hello";
        } | {
            /**
             * Format: uuid
             * @description The log's epoch.
             */
            epoch: string;
            /**
             * Format: int64
             * @description The stream goes on after this entry.
             */
            seq: number;
            /** @description Where the snapshot is: at `seq` or later. */
            href: string;
            /** @enum {string} */
            type: "snapshot";
        } | {
            /**
             * Format: int64
             * @description Where the frame begins, this entry excluded. Never later than the viewer's position.
             */
            after: number;
            /**
             * Format: int64
             * @description The viewer's position after this frame.
             */
            seq: number;
            /** @description The entries, in order. */
            entries: {
                /**
                 * Format: int64
                 * @description Its sequence number on this node.
                 */
                seq: number;
                /**
                 * Format: uuid
                 * @description Its id.
                 */
                id: string;
                /** @description What happened: `report_filed`, `status_changed` … */
                kind: string;
                /**
                 * Format: date-time
                 * @description When, UTC.
                 */
                at: string;
                /** @description Who. */
                actor: components["schemas"]["Reporter"];
                /**
                 * Format: uuid
                 * @description The operation.
                 */
                operation_id: string;
                /** @description The incident after it. */
                incident?: components["schemas"]["OfficeIncident"];
                /** @description The check-ins after it. */
                check_ins?: components["schemas"]["CheckIn"][];
                /** @description What is said of the shelter after it: in earnest, or in the drill of a `shelter_drilled`. */
                shelter?: components["schemas"]["OfficeShelterStatus"];
                /** @description The operation after it. */
                operation?: components["schemas"]["Operation"];
            }[];
            /** @enum {string} */
            type: "entries";
        } | {
            /**
             * Format: int64
             * @description The viewer's position.
             */
            seq: number;
            /**
             * Format: date-time
             * @description The server's clock, UTC.
             */
            now: string;
            /** @enum {string} */
            type: "heartbeat";
        } | {
            /** @description Why. */
            reason: components["schemas"]["ResyncReason"];
            /**
             * Format: uuid
             * @description The log's epoch.
             */
            epoch: string;
            /**
             * Format: int64
             * @description The stream goes on after this entry.
             */
            seq: number;
            /** @description Where the snapshot is: at `seq` or later. */
            href: string;
            /** @enum {string} */
            type: "resync";
        } | {
            /** @description Why. */
            reason: components["schemas"]["GoodbyeReason"];
            /**
             * Format: int64
             * @description When to come back, milliseconds; left out: do not.
             */
            retry_after_ms?: number;
            /** @enum {string} */
            type: "goodbye";
        };
        /**
         * @description A frame from the server, JSON text; over SSE the same text as `data:` with the type as `event:`.
         *
         *     `E` is [`OfficeEntry`] or [`PublicEntry`].
         */
        ServerFrame_PublicEntry: {
            /**
             * Format: uuid
             * @description The node.
             */
            node: string;
            /**
             * Format: uuid
             * @description The log's epoch.
             */
            epoch: string;
            /**
             * Format: int64
             * @description The head of the log.
             */
            seq: number;
            /**
             * Format: date-time
             * @description The server's clock, UTC.
             */
            now: string;
            /**
             * Format: int64
             * @description A heartbeat comes at least this often, seconds.
             */
            heartbeat_seconds: number;
            /** @enum {string} */
            type: "hello";
        } | {
            /**
             * Format: uuid
             * @description The log's epoch.
             */
            epoch: string;
            /**
             * Format: int64
             * @description The stream goes on after this entry.
             */
            seq: number;
            /** @description Where the snapshot is: at `seq` or later. */
            href: string;
            /** @enum {string} */
            type: "snapshot";
        } | {
            /**
             * Format: int64
             * @description Where the frame begins, this entry excluded. Never later than the viewer's position.
             */
            after: number;
            /**
             * Format: int64
             * @description The viewer's position after this frame.
             */
            seq: number;
            /** @description The entries, in order. */
            entries: {
                /**
                 * Format: int64
                 * @description Its sequence number on this node.
                 */
                seq: number;
                /** @description What happened. */
                kind: string;
                /**
                 * Format: date-time
                 * @description When, UTC.
                 */
                at: string;
                /** @description The incident after it. */
                incident?: components["schemas"]["PublicIncident"];
                /** @description What is said of the shelter after it. */
                shelter?: components["schemas"]["PublicShelterStatus"];
                /** @description The operation after it. */
                operation?: components["schemas"]["Operation"];
            }[];
            /** @enum {string} */
            type: "entries";
        } | {
            /**
             * Format: int64
             * @description The viewer's position.
             */
            seq: number;
            /**
             * Format: date-time
             * @description The server's clock, UTC.
             */
            now: string;
            /** @enum {string} */
            type: "heartbeat";
        } | {
            /** @description Why. */
            reason: components["schemas"]["ResyncReason"];
            /**
             * Format: uuid
             * @description The log's epoch.
             */
            epoch: string;
            /**
             * Format: int64
             * @description The stream goes on after this entry.
             */
            seq: number;
            /** @description Where the snapshot is: at `seq` or later. */
            href: string;
            /** @enum {string} */
            type: "resync";
        } | {
            /** @description Why. */
            reason: components["schemas"]["GoodbyeReason"];
            /**
             * Format: int64
             * @description When to come back, milliseconds; left out: do not.
             */
            retry_after_ms?: number;
            /** @enum {string} */
            type: "goodbye";
        };
        /** @description A designated place, as the list in force has it. */
        Shelter: {
            /**
             * Format: uuid
             * @description Id; the same in every edition of the list.
             */
            id: string;
            /** @description Name. */
            name: string;
            /** @description English name, if the list has one. */
            english?: string;
            /** @description Address; empty if the list has none. */
            address: string;
            /** @description Code of the municipality that answers for it. */
            municipality: string;
            /** @description Where. */
            position: components["schemas"]["LatLon"];
            /** @description What it is designated as; at least one. */
            kinds: components["schemas"]["ShelterKind"][];
            /** @description What it is fit for; left out where the list does not say. */
            fit?: components["schemas"]["Danger"][];
            /**
             * Format: int32
             * @description People it holds indoors, if the list says so.
             */
            capacity?: number;
            /** @description Whom alone it takes in (受入対象者), if not everybody. */
            accepts?: string;
        };
        /**
         * @description What a place is designated as. One place may be both.
         * @enum {string}
         */
        ShelterKind: "emergency_site" | "shelter";
        /**
         * @description The list in force with what offices say, for whoever asks: `S` is [`OfficeShelterStatus`] or
         *     [`PublicShelterStatus`].
         */
        ShelterList_OfficeShelterStatus: {
            /** @description Which edition, for people. */
            edition: string;
            /** @description Whom to name where it is shown. */
            attribution: string;
            /** @description Whether the shelters are invented (架空・訓練用), which every screen must say. */
            demonstration: boolean;
            /** @description The shelters, by municipality and name. */
            shelters: components["schemas"]["Shelter"][];
            /**
             * @description What offices say, of those in the list of which anybody has said something. For offices, what is said in open
             *     drills stands beside what is real.
             */
            statuses: {
                /**
                 * Format: uuid
                 * @description The shelter.
                 */
                shelter: string;
                /**
                 * Format: uuid
                 * @description The drill (訓練) in which alone this is so, which every screen must say; left out: in earnest.
                 */
                drill?: string;
                /** @description Open, full or closed. */
                state: components["schemas"]["ShelterState"];
                /**
                 * Format: int32
                 * @description People who were counted there.
                 */
                people?: number;
                /** @description For colleagues. */
                note?: string;
                /**
                 * Format: date-time
                 * @description Since when, UTC.
                 */
                at: string;
                /** @description Code of the office that says so. */
                office?: string;
                /** @description Who, by name. */
                by?: string;
            }[];
        };
        /**
         * @description The list in force with what offices say, for whoever asks: `S` is [`OfficeShelterStatus`] or
         *     [`PublicShelterStatus`].
         */
        ShelterList_PublicShelterStatus: {
            /** @description Which edition, for people. */
            edition: string;
            /** @description Whom to name where it is shown. */
            attribution: string;
            /** @description Whether the shelters are invented (架空・訓練用), which every screen must say. */
            demonstration: boolean;
            /** @description The shelters, by municipality and name. */
            shelters: components["schemas"]["Shelter"][];
            /**
             * @description What offices say, of those in the list of which anybody has said something. For offices, what is said in open
             *     drills stands beside what is real.
             */
            statuses: {
                /**
                 * Format: uuid
                 * @description The shelter.
                 */
                shelter: string;
                /** @description Open, full or closed. */
                state: components["schemas"]["ShelterState"];
                /**
                 * Format: date-time
                 * @description Since when, UTC.
                 */
                at: string;
            }[];
        };
        /** @description A shelter, for whoever asks. */
        ShelterProperties: components["schemas"]["OfficeShelterProperties"] | components["schemas"]["PublicShelterProperties"];
        /** @description The answer to a change of a shelter's state, given after the commit. */
        ShelterReceipt: {
            /**
             * Format: int64
             * @description Sequence number of the entry on this node.
             */
            seq: number;
            /** @description What is said of the shelter now; if it was said in a drill, in that. */
            status: components["schemas"]["OfficeShelterStatus"];
        };
        /**
         * @description What an office says of a shelter.
         * @enum {string}
         */
        ShelterState: "open" | "full" | "closed";
        /** @description Signs in. */
        SignIn: {
            /** @description Account name. */
            name: string;
            /** @description Password. */
            password: string;
        };
        /** @description A snapshot, encoded for whoever asks. */
        Snapshot: components["schemas"]["OfficeSnapshot"] | components["schemas"]["PublicSnapshot"];
        /** @description A box around all features. */
        SpatialExtent: {
            /** @description One box: west, south, east, north. */
            bbox: number[][];
            /** @description CRS84. */
            crs: string;
        };
        /**
         * @description How far the handling is.
         * @enum {string}
         */
        Status: "received" | "in_progress" | "resolved" | "declined";
        /** @description A span of time that holds all features. */
        TemporalExtent: {
            /** @description One span: begin and end; `null` is open. */
            interval: (string | null)[][];
            /** @description The Gregorian calendar. */
            trs: string;
        };
        /** @description A source of tiles, as TileJSON 3.0.0 describes it. */
        TileJson: {
            /** @description `3.0.0` */
            tilejson: string;
            /** @description Name, Japanese. */
            name: string;
            /** @description What must be shown beside the map, as text. */
            attribution: string;
            /** @description `xyz`: rows count from the north. */
            scheme: string;
            /** @description The address of its tiles on this node, with `{z}`, `{x}` and `{y}`. */
            tiles: string[];
            /**
             * Format: int32
             * @description The outermost zoom.
             */
            minzoom: number;
            /**
             * Format: int32
             * @description The deepest zoom; a map enlarges it beyond.
             */
            maxzoom: number;
            /** @description West, south, east and north, degrees WGS 84. */
            bounds: number[];
            /** @description The layers of a vector tile; empty for pictures. */
            vector_layers: components["schemas"]["VectorLayer"][];
            /** @description What its tiles hold (ours). */
            kind: components["schemas"]["TileKind"];
        };
        /**
         * @description What a tile holds.
         * @enum {string}
         */
        TileKind: "vector" | "raster";
        /** @description A source of tiles. */
        TileSource: {
            /** @description Id: what stands in the address of its tiles. */
            id: string;
            /** @description What its tiles hold. */
            kind: components["schemas"]["TileKind"];
            /** @description Name, Japanese. */
            name: string;
            /** @description What must be shown beside the map; may be empty. */
            attribution: string;
            /** @description Address of its TileJSON. */
            tilejson: string;
        };
        /** @description The sources of tiles that this node has. */
        TileSources: {
            /** @description All of them, by id. */
            sources: components["schemas"]["TileSource"][];
        };
        /** @description Tokens of a session. */
        Tokens: {
            /** @description For `Authorization: Bearer`. */
            access_token: string;
            /**
             * Format: date-time
             * @description When that ends.
             */
            access_expires_at: string;
            /** @description For the next refresh; works once. */
            refresh_token: string;
            /**
             * Format: date-time
             * @description When that ends.
             */
            refresh_expires_at: string;
        };
        /** @description The answer to an upload. */
        Uploaded: {
            /** @description Content address: SHA-256, hex. The same file again gives the same id. */
            id: string;
            /** @description What it is, told by its content. */
            kind: components["schemas"]["MediaKind"];
            /**
             * Format: int64
             * @description Bytes.
             */
            size: number;
            /** @description Whether a thumbnail could be made. */
            thumbnail: boolean;
            /** @description What the file itself says of where it was taken. */
            evidence?: components["schemas"]["Evidence"];
            /**
             * Format: date-time
             * @description When it was taken, where the file says so with a time zone or UTC.
             */
            taken_at?: string;
        };
        /** @description A layer of a vector tile, as TileJSON describes it. */
        VectorLayer: {
            /** @description Its name within the tile. */
            id: string;
            /** @description The names of its properties, with what kind of value each has. */
            fields: {
                [key: string]: string;
            };
            /**
             * Format: int32
             * @description The outermost zoom at which it is drawn.
             */
            minzoom?: number;
        };
        /** @description A frame from a viewer, JSON text. The first must come within 10 seconds. */
        ViewerFrame: {
            /** @description Access or wall token; without one the public stream. Only the first frame's counts. */
            token?: string;
            /**
             * Format: uuid
             * @description The epoch of the viewer's position.
             */
            epoch?: string;
            /**
             * Format: int64
             * @description The viewer has everything up to this entry; left out, it starts with a snapshot position.
             */
            since?: number;
            /** @description What it wants to hear of. */
            interest?: components["schemas"]["Interest"];
            /** @enum {string} */
            type: "subscribe";
        };
        /** @description A hazard zone that a place lies in. */
        Zone: {
            /** @description Id of the layer, see `GET /api/hazard/layers`. */
            layer: string;
            /** @description What threatens. */
            hazard: components["schemas"]["Hazard"];
            /** @description Code of the class within the layer. */
            class: string;
            /** @description What the class is called in Japanese, understood without its layer's name. */
            name: string;
            /** @description The same in English. */
            english: string;
            /** @description How deep the water may stand, if the class is one of depths. */
            depth?: components["schemas"]["Depth"];
            /** @description The edition of the layer by which it was found. */
            edition: string;
            /** @description Invented, for demonstration and drills (架空・訓練用); must be shown as such. */
            demonstration: boolean;
        };
        /** @description How many incidents lie in the zones of a class. */
        ZoneCount: {
            /** @description Id of the layer. */
            layer: string;
            /** @description What threatens. */
            hazard: components["schemas"]["Hazard"];
            /** @description Code of the class. */
            class: string;
            /** @description Its Japanese name. */
            name: string;
            /** @description Its English name. */
            english: string;
            /** @description Any of them was found by invented zones (架空・訓練用). */
            demonstration: boolean;
            /** @description Open incidents. */
            open: number;
            /** @description All incidents. */
            all: number;
        };
        /** @description How many incidents lie in the zones of each class. */
        ZoneCounts: {
            /** @description By layer, then class. Incidents of open operations; one that lies in several zones counts in each. */
            zones: components["schemas"]["ZoneCount"][];
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    get_base: {
        parameters: {
            query?: never;
            header?: {
                /** @description ETag of the answer at hand */
                "If-None-Match"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The base map */
            200: {
                headers: {
                    /** @description Changes with the base map */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BaseMap"];
                };
            };
            /** @description The answer at hand is still right */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    check_in: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewCheckIn"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CheckInReceipt"];
                };
            };
            /** @description id_taken */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            /** @description unknown_office */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    call_back: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The check-in. */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewCheckInEnd"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CheckInReceipt"];
                };
            };
            /** @description other_office, or forbidden for oneself */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            /** @description check_in_ended or id_taken */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    check_out: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The check-in. */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewCheckInEnd"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CheckInReceipt"];
                };
            };
            /** @description other_office or forbidden */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            /** @description check_in_ended or id_taken */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    confirm: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The check-in. */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewConfirmation"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CheckInReceipt"];
                };
            };
            /** @description other_office, or forbidden for one's own arrival */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            /** @description check_in_ended or id_taken */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            /** @description invalid_field for any other role */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    counts: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ZoneCounts"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    layers: {
        parameters: {
            query?: never;
            header?: {
                /** @description ETag of the answer at hand */
                "If-None-Match"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The layers */
            200: {
                headers: {
                    /** @description Changes with the editions */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HazardLayers"];
                };
            };
            /** @description The answer at hand is still right */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    hazard_zones: {
        parameters: {
            query: {
                /**
                 * @description West, south, east, north in degrees WGS 84, comma-separated; widened to multiples of 0.02° at most 0.14°
                 *     each way, so 0.1° wherever it lies.
                 */
                bbox: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HazardArea"];
                };
            };
            /** @description Nothing has changed since the ETag */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list: {
        parameters: {
            query?: {
                /** @description West, south, east, north in degrees WGS 84, comma-separated. */
                bbox?: string;
                /** @description Latitude and longitude in degrees WGS 84, comma-separated: the nearest first. */
                near?: string;
                /** @description An office's code: those it answers for. */
                office?: string;
                /**
                 * @description Id of a layer of hazard zones, or `LAYER:CLASS`: those that lie in its zones. For staff and walls: the public
                 *     is not told in which zones an incident lies. May be joined with `bbox` or `office`.
                 */
                zone?: string;
                /**
                 * @description With `near`: only what may stand in somebody's way in earnest, that is open incidents of road damage or danger
                 *     and none of a drill. Fewer than `limit` are all that there are; else all those nearer than the last are there.
                 */
                obstacles?: boolean;
                /** @description How many at most, 1 to 1,000; 100 if left out. */
                limit?: number;
                /** @description How much is told of each; everything if left out. */
                form?: "full" | "symbol";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Incidents"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    change_responsible: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Incident */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewResponsible"];
            };
        };
        responses: {
            /** @description The same was sent before */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OfficeIncident"];
                };
            };
            /** @description Written down for good */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OfficeIncident"];
                };
            };
            /** @description other_office: another office answers for it, or one would give away what nobody took */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            /** @description already_responsible, or id_taken */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            /** @description Nothing was written */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    change_status: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Incident */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewStatus"];
            };
        };
        responses: {
            /** @description The same was sent before */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OfficeIncident"];
                };
            };
            /** @description Written down for good */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OfficeIncident"];
                };
            };
            /** @description Nothing was written */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    socket: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The stream; see docs/wire.md */
            101: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ServerFrame_OfficeEntry"];
                };
            };
            /** @description Not a WebSocket handshake */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            /** @description Asked for by a page of another origin */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            /** @description As many viewers as the node takes */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    events: {
        parameters: {
            query?: {
                /** @description The epoch of the viewer's position. */
                epoch?: string;
                /** @description The viewer has everything up to this entry. */
                since?: number;
                /** @description Only incidents here: west,south,east,north in degrees WGS 84. */
                bounds?: string;
                /** @description Only incidents that one of these offices answers for or reported: at most 64 codes. */
                offices?: string;
                /** @description Only these categories. */
                categories?: string;
                /** @description Only this operation. */
                operation?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The stream; see docs/wire.md */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
            /** @description The token is not valid */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            /** @description Not an interest */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            /** @description As many viewers as the node takes */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    me: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Me"];
                };
            };
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    upload: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description The file as it is */
        requestBody?: {
            content: {
                "application/octet-stream": unknown;
            };
        };
        responses: {
            /** @description The same file was there before */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Uploaded"];
                };
            };
            /** @description Stored */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Uploaded"];
                };
            };
            /** @description The upload stalled or is too slow */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            /** @description Larger than allowed */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            /** @description None of the kinds that are accepted */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            /** @description A picture that is damaged, or has too many pixels */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many uploads or pixels from this address */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many uploads at once, in all or from this address */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            /** @description No room left */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    media_ticket: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MediaTicket"];
                };
            };
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    original: {
        parameters: {
            query?: {
                /** @description A ticket from `POST /api/media-tickets`, instead of a bearer token. */
                ticket?: string;
            };
            header?: never;
            path: {
                /** @description SHA-256 of the file, hex */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The file */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": unknown;
                };
            };
            /** @description The part that was asked for */
            206: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": unknown;
                };
            };
            /** @description You have it already */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Sign in first */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            /** @description For offices only */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such file */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            /** @description The file has no such part */
            416: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    thumbnail: {
        parameters: {
            query?: {
                /** @description A ticket from `POST /api/media-tickets`, instead of a bearer token. */
                ticket?: string;
            };
            header?: never;
            path: {
                /** @description SHA-256 of the file, hex */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The thumbnail */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "image/jpeg": unknown;
                };
            };
            /** @description You have it already */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Sign in first */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            /** @description For offices only */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such file, or it has no thumbnail */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    roster: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The office's code. */
                code: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Roster"];
                };
            };
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_operations: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Operations"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    open: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewOperation"];
            };
        };
        responses: {
            /** @description The same was sent before */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Operation"];
                };
            };
            /** @description Open */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Operation"];
                };
            };
            /** @description Nothing was written */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    close: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Operation */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewClose"];
            };
        };
        responses: {
            /** @description The same was sent before */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Operation"];
                };
            };
            /** @description Closed */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Operation"];
                };
            };
            /** @description operation_ended, or id_taken */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            /** @description Nothing was written */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    reopen: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Operation */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewReopening"];
            };
        };
        responses: {
            /** @description The same was sent before */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Operation"];
                };
            };
            /** @description Open */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Operation"];
                };
            };
            /** @description operation_open, or id_taken */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            /** @description Nothing was written */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    past_operation: {
        parameters: {
            query?: {
                /** @description As it was after this entry of the log; 0: before the first. */
                at?: number;
                /** @description As it was at this time, RFC 3339, by the clocks of those who wrote. */
                time?: string;
                /** @description Only this incident, with the entries about it. */
                incident?: string;
                /** @description Incidents on a page at most, 1 to 1,000; 100 if left out. */
                limit?: number;
                /** @description Where the last page ended; follow `next`. */
                cursor?: string;
            };
            header?: never;
            path: {
                /** @description Operation */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PastOperation"];
                };
            };
            /** @description No operation has this id */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            /** @description It took longer than 20 seconds */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            /** @description An entry that is yet to come, or `too_many_incidents` */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many ask for the past */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    receipt: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The receipt's key */
                key: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ReceiptStatus"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    receipt_thumbnail: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The receipt's key */
                key: string;
                /** @description Media id */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "image/jpeg": unknown;
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_region: {
        parameters: {
            query?: never;
            header?: {
                /** @description ETag of the answer at hand */
                "If-None-Match"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The region */
            200: {
                headers: {
                    /** @description Changes with the region */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Region"];
                };
            };
            /** @description The answer at hand is still right */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    file: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewReport"];
            };
        };
        responses: {
            /** @description The same was filed before; its receipt */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Receipt"];
                };
            };
            /** @description Written down for good */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Receipt"];
                };
            };
            /** @description Nothing was written */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    contact: {
        parameters: {
            query: {
                /** @description Why, in the reader's own words, 1 to 200 characters. It is recorded with the reading. */
                reason: string;
            };
            header?: never;
            path: {
                /** @description Report */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Contact"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    sign_in: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SignIn"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Tokens"];
                };
            };
            /** @description wrong_credentials */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            /** @description too_many_requests, with Retry-After */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    sign_out: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    refresh: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Refresh"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Tokens"];
                };
            };
            /** @description token_invalid, token_expired or token_revoked */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            /** @description too_many_requests, with Retry-After */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    shelters: {
        parameters: {
            query?: {
                /** @description West, south, east, north in degrees WGS 84, comma-separated. */
                bbox?: string;
                /** @description Only those that are fit for this danger. */
                fit?: "flood" | "landslide" | "storm_surge" | "earthquake" | "tsunami" | "fire" | "inland_flood" | "volcano";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["List"];
                };
            };
            /** @description Nothing has changed since the ETag */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    change_shelter: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Shelter */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewShelterState"];
            };
        };
        responses: {
            /** @description The same was sent before */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ShelterReceipt"];
                };
            };
            /** @description Written down for good */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ShelterReceipt"];
                };
            };
            /** @description other_office: another municipality's shelter */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            /** @description The list in force has no such shelter */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            /** @description operation_ended, or id_taken */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            /** @description Nothing was written */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    snapshot: {
        parameters: {
            query?: {
                /** @description The snapshot must hold everything up to this entry. */
                at_least?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Snapshot"];
                };
            };
            /** @description Nothing has changed since the ETag */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    gis_landing: {
        parameters: {
            query?: {
                /** @description `json`; goes before the `Accept` header. */
                f?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LandingPage"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    gis_landing_with_slash: {
        parameters: {
            query?: {
                /** @description `json`; goes before the `Accept` header. */
                f?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LandingPage"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    gis_api: {
        parameters: {
            query?: {
                /** @description `json`; goes before the `Accept` header. */
                f?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/vnd.oai.openapi+json;version=3.0": unknown;
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    gis_collections: {
        parameters: {
            query?: {
                /** @description `json`; goes before the `Accept` header. */
                f?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Collections"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    gis_check_ins: {
        parameters: {
            query?: {
                /** @description `json`; goes before the `Accept` header. */
                f?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FeatureCollectionInfo"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    gis_check_ins_items: {
        parameters: {
            query?: {
                /**
                 * @description West, south, east, north in degrees WGS 84, comma-separated; west may be greater than east, across
                 *     the antimeridian. Of six numbers the third and the sixth (heights) do not count.
                 */
                bbox?: string;
                /**
                 * @description A time (RFC 3339) or `FROM/TO`, with `..` for an open end. Incidents and reports: when they were
                 *     filed; check-ins: when they lasted; offices have no time and always match.
                 */
                datetime?: string;
                /** @description How many at most; above 10,000 counts as 10,000. */
                limit?: number;
                /** @description Where the page before ended. Take it from the `next` link. */
                cursor?: string;
                /** @description `json`; goes before the `Accept` header. */
                f?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/geo+json": components["schemas"]["FeaturePage_CheckInProperties"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    gis_check_ins_item: {
        parameters: {
            query?: {
                /** @description `json`; goes before the `Accept` header. */
                f?: string;
            };
            header?: never;
            path: {
                /** @description Check-in */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/geo+json": components["schemas"]["Feature_CheckInProperties"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    gis_incidents: {
        parameters: {
            query?: {
                /** @description `json`; goes before the `Accept` header. */
                f?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FeatureCollectionInfo"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    gis_incidents_items: {
        parameters: {
            query?: {
                /**
                 * @description West, south, east, north in degrees WGS 84, comma-separated; west may be greater than east, across
                 *     the antimeridian. Of six numbers the third and the sixth (heights) do not count.
                 */
                bbox?: string;
                /**
                 * @description A time (RFC 3339) or `FROM/TO`, with `..` for an open end. Incidents and reports: when they were
                 *     filed; check-ins: when they lasted; offices have no time and always match.
                 */
                datetime?: string;
                /** @description How many at most; above 10,000 counts as 10,000. */
                limit?: number;
                /** @description Where the page before ended. Take it from the `next` link. */
                cursor?: string;
                /** @description `json`; goes before the `Accept` header. */
                f?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/geo+json": components["schemas"]["FeaturePage_IncidentProperties"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    gis_incidents_item: {
        parameters: {
            query?: {
                /** @description `json`; goes before the `Accept` header. */
                f?: string;
            };
            header?: never;
            path: {
                /** @description Incident */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/geo+json": components["schemas"]["Feature_IncidentProperties"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    gis_offices: {
        parameters: {
            query?: {
                /** @description `json`; goes before the `Accept` header. */
                f?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FeatureCollectionInfo"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    gis_offices_items: {
        parameters: {
            query?: {
                /**
                 * @description West, south, east, north in degrees WGS 84, comma-separated; west may be greater than east, across
                 *     the antimeridian. Of six numbers the third and the sixth (heights) do not count.
                 */
                bbox?: string;
                /**
                 * @description A time (RFC 3339) or `FROM/TO`, with `..` for an open end. Incidents and reports: when they were
                 *     filed; check-ins: when they lasted; offices have no time and always match.
                 */
                datetime?: string;
                /** @description How many at most; above 10,000 counts as 10,000. */
                limit?: number;
                /** @description Where the page before ended. Take it from the `next` link. */
                cursor?: string;
                /** @description `json`; goes before the `Accept` header. */
                f?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/geo+json": components["schemas"]["FeaturePage_OfficeProperties"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    gis_offices_item: {
        parameters: {
            query?: {
                /** @description `json`; goes before the `Accept` header. */
                f?: string;
            };
            header?: never;
            path: {
                /** @description The office's code */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/geo+json": components["schemas"]["Feature_OfficeProperties"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    gis_reports: {
        parameters: {
            query?: {
                /** @description `json`; goes before the `Accept` header. */
                f?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FeatureCollectionInfo"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    gis_reports_items: {
        parameters: {
            query?: {
                /**
                 * @description West, south, east, north in degrees WGS 84, comma-separated; west may be greater than east, across
                 *     the antimeridian. Of six numbers the third and the sixth (heights) do not count.
                 */
                bbox?: string;
                /**
                 * @description A time (RFC 3339) or `FROM/TO`, with `..` for an open end. Incidents and reports: when they were
                 *     filed; check-ins: when they lasted; offices have no time and always match.
                 */
                datetime?: string;
                /** @description How many at most; above 10,000 counts as 10,000. */
                limit?: number;
                /** @description Where the page before ended. Take it from the `next` link. */
                cursor?: string;
                /** @description `json`; goes before the `Accept` header. */
                f?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/geo+json": components["schemas"]["FeaturePage_ReportProperties"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    gis_reports_item: {
        parameters: {
            query?: {
                /** @description `json`; goes before the `Accept` header. */
                f?: string;
            };
            header?: never;
            path: {
                /** @description Report */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/geo+json": components["schemas"]["Feature_ReportProperties"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    gis_shelters: {
        parameters: {
            query?: {
                /** @description `json`; goes before the `Accept` header. */
                f?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FeatureCollectionInfo"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    gis_shelters_items: {
        parameters: {
            query?: {
                /**
                 * @description West, south, east, north in degrees WGS 84, comma-separated; west may be greater than east, across
                 *     the antimeridian. Of six numbers the third and the sixth (heights) do not count.
                 */
                bbox?: string;
                /**
                 * @description A time (RFC 3339) or `FROM/TO`, with `..` for an open end. Incidents and reports: when they were
                 *     filed; check-ins: when they lasted; offices have no time and always match.
                 */
                datetime?: string;
                /** @description How many at most; above 10,000 counts as 10,000. */
                limit?: number;
                /** @description Where the page before ended. Take it from the `next` link. */
                cursor?: string;
                /** @description `json`; goes before the `Accept` header. */
                f?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/geo+json": components["schemas"]["FeaturePage_ShelterProperties"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    gis_shelters_item: {
        parameters: {
            query?: {
                /** @description `json`; goes before the `Accept` header. */
                f?: string;
            };
            header?: never;
            path: {
                /** @description Shelter */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/geo+json": components["schemas"]["Feature_ShelterProperties"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    gis_conformance: {
        parameters: {
            query?: {
                /** @description `json`; goes before the `Accept` header. */
                f?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Conformance"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    style: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name of the style and `.json` */
                document: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description MapLibre Style Specification, version 8 */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": unknown;
                };
            };
            /** @description There is no such style */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    tile_sources: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TileSources"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    tile_json: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the source and `.json` */
                document: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TileJson"];
                };
            };
            /** @description There is no such source */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
    tile: {
        parameters: {
            query?: never;
            header?: {
                /** @description ETag of the tile at hand */
                "If-None-Match"?: string | null;
            };
            path: {
                /** @description Id of the source */
                source: string;
                /** @description Zoom */
                z: number;
                /** @description Column, from the antimeridian eastwards */
                x: number;
                /** @description Row, from the north southwards */
                y: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The tile */
            200: {
                headers: {
                    /** @description Changes with the tile */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/vnd.mapbox-vector-tile": unknown;
                };
            };
            /** @description Nothing is there */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The tile at hand is still right */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description There is no such source, or the address is out of its range */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            /** @description The file or the server that the tile comes from is damaged or cannot be reached */
            502: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Problem"];
                };
            };
        };
    };
}
